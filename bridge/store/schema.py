"""Bring a database to the newest schema, through the migrations and nothing else."""

from pathlib import Path

from sqlalchemy.exc import DBAPIError, OperationalError

from bridge.errors import BadInput, Problem
from bridge.store.database import Database


def migrate(database: Database, migrations: Path) -> None:
    """Upgrade in one transaction. Raises BadInput where the database cannot be opened or is newer than we are."""
    # only what makes tables needs it, and most commands make none
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.migration import MigrationContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    try:
        with database.writing() as connection:
            config.attributes["connection"] = connection
            at = MigrationContext.configure(connection).get_current_revision()
            script = ScriptDirectory.from_config(config)
            if at is not None and at not in {each.revision for each in script.walk_revisions()}:
                what = f"the database is at revision {at}, which this version does not know"
                raise BadInput([Problem(_shown(database), what, "use a newer bondbridge, or another database")])
            command.upgrade(config, "head")
    except (OperationalError, DBAPIError) as error:
        what = f"cannot be used: {str(error.orig).strip().splitlines()[0]}"
        raise BadInput([Problem(_shown(database), what, "check `database` and `state_dir` in the settings")]) from error


def _shown(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=True)
