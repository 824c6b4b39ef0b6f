"""What test_fuzz runs: every platform against bytes that atheris bends toward code not reached yet.

A process of its own, since atheris ends the one it runs in: `python -m tests.webhooks.fuzz SECONDS
DIRECTORY`.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["bridge.webhooks", "bridge.core.json_safety"]):
    from bridge.errors import Refused
    from bridge.webhooks.platform import FORM, JSON, DeliveryReading, Request
    from tests.webhooks.senders import SENDERS, Sender

NAMES = sorted(SENDERS)
KINDS = [JSON[0], FORM[0], "text/plain"]
STATUSES = {400, 401, 415}


def once(data: bytes) -> None:
    """One request: of a stranger, or signed; anything but a reading or a refusal with its status
    ends the run.
    """
    given = atheris.FuzzedDataProvider(data)
    sender = SENDERS[given.PickValueInList(NAMES)]
    signs = given.ConsumeBool()
    kind = given.PickValueInList(KINDS)
    try:
        reading = sender.read(
            _signed(sender, given, kind) if signs else _strange(sender, given, kind)
        )
    except Refused as error:
        if error.status not in STATUSES:
            raise
        return
    assert isinstance(reading, DeliveryReading)


def _signed(sender: Sender, given: atheris.FuzzedDataProvider, kind: str) -> Request:
    return sender.request(given.ConsumeBytes(given.remaining_bytes()), content_type=kind)


def _strange(sender: Sender, given: atheris.FuzzedDataProvider, kind: str) -> Request:
    # what werkzeug hands on: a header is text of bytes
    headers = {
        name: given.ConsumeBytes(24).decode("latin-1")
        for name in sender.request().headers
        if given.ConsumeBool()
    }
    return Request({"content-type": kind, **headers}, given.ConsumeBytes(given.remaining_bytes()))


def main(seconds: str, directory: str) -> None:
    """Fuzz for so long, from the bodies of honest senders; what breaks it is left in the
    directory.
    """
    corpus = Path(directory) / "corpus"
    corpus.mkdir(exist_ok=True)
    for name, sender in SENDERS.items():
        # atheris reads numbers from the end, and bytes from the front
        for kind in range(len(KINDS)):
            (corpus / f"{name}-{kind}").write_bytes(
                sender.content + bytes([kind, 1, NAMES.index(name)])
            )
    options = [
        f"-max_total_time={seconds}",
        "-max_len=8192",
        f"-artifact_prefix={directory}/",
        "-print_final_stats=1",
    ]
    atheris.Setup(["fuzz", *options, str(corpus)], once)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
