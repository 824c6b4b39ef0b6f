"""The supervisor, told to stop by a burst of signals, as a terminal, `timeout` and make send them
together.
"""

import subprocess
import sys
import textwrap

SCRIPT = textwrap.dedent("""
    import os, subprocess, sys
    from rich.console import Console
    from bridge.cli.run.supervisor import Child, Supervisor

    # from another process, at any point of what this one does
    BURST = "kill -TERM $1; kill -HUP $1; kill -INT $1"
    BURST = f"i=0; while [ $i -lt 3000 ]; do {BURST}; i=$((i+1)); done"

    with Supervisor(Console(force_terminal=False)) as supervisor:
        sleeps = "print('ready', flush=True); import time; time.sleep(600)"
        supervisor.start(Child("sleeper", [sys.executable, "-c", sleeps]))
        hammer = subprocess.Popen(["sh", "-c", BURST, "sh", str(os.getpid())])
        supervisor.watch(lambda: None)
        hammer.wait()
    print("stopped")
""")


def test_a_burst_of_signals_stops_it() -> None:
    """Signals that interrupt the handling of one another never leave it waiting for itself."""
    for _ in range(3):
        ended = subprocess.run(  # noqa: S603  our own script
            [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=300, check=False
        )
        assert (ended.returncode, ended.stdout) == (0, "stopped\n"), ended.stderr


ORPHANS = textwrap.dedent("""
    import ctypes, os, sys
    from pathlib import Path
    from rich.console import Console
    from bridge.cli.run.supervisor import Child, Supervisor

    # orphans below us become ours, as those of a container do for its process 1
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
    LEAVES = "import os, time; print('ready', flush=True); "
    LEAVES += "os.fork() or (os.setsid(), time.sleep(1), os._exit(0)); os._exit(1)"

    def zombies():
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            words = stat.read_text().rpartition(")")[2].split()
            found += [stat.parent.name] if words[0] == "Z" and words[1] == str(os.getpid()) else []
        return found

    looks = []
    with Supervisor(Console(force_terminal=False, file=sys.stderr)) as supervisor:
        supervisor.start(Child("leaves", [sys.executable, "-c", LEAVES]))
        def look():
            looks.append(zombies())
            if len(looks) == 4:
                supervisor._stopping = True
        supervisor.watch(look)
    print(looks[-1])
""")


def test_what_killed_children_leave_behind_is_reaped() -> None:
    """As process 1 of a container it would gather zombies for ever."""
    ended = subprocess.run(  # noqa: S603  our own script
        [sys.executable, "-c", ORPHANS], capture_output=True, text=True, timeout=300, check=False
    )
    assert (ended.returncode, ended.stdout) == (0, "[]\n"), ended.stderr
