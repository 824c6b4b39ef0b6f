"""The supervisor, told to stop by a burst of signals, as a terminal, `timeout` and make send them together."""

import subprocess
import sys
import textwrap

SCRIPT = textwrap.dedent("""
    import os, subprocess, sys
    from rich.console import Console
    from bridge.cli.supervisor import Child, Supervisor

    # from another process, at any point of what this one does
    BURST = "i=0; while [ $i -lt 3000 ]; do kill -TERM $1; kill -HUP $1; kill -INT $1; i=$((i+1)); done"

    with Supervisor(Console(force_terminal=False)) as supervisor:
        supervisor.start(Child("sleeper", [sys.executable, "-c", "print('ready', flush=True); import time; time.sleep(600)"]))
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
