"""The local AWS of one stack: ministack in this process, tied to the life of whoever started it.

It stops, saving its state, when standard input closes: a parent that is killed cannot leave it behind. Lines on
standard input ask for more:

  kill FUNCTION         kills that function's processes where they stand
  start FUNCTION PORT   starts a process of that function whose Runtime API is the parent's, at that port
  end PORT              kills the process that was started for that port

What the functions print is passed on line by line, as they print it, on standard output: the function's name, a tab,
the line. A line `TAB ended PORT` says that the process that was started for a port is gone, or could not be started.
ministack's own log goes to standard error.
"""

import json
import os
import re
import shutil
import signal
import socketserver
import subprocess
import sys
import threading
import traceback

# Interrupts are meant for the parent, which says when to stop by closing standard input.
signal.signal(signal.SIGINT, signal.SIG_IGN)

STOP_SECONDS = 20
_output = threading.Lock()


def obey_parent() -> None:
    """Carries out what standard input says; at its end, lets ministack save its state and stop."""
    for line in sys.stdin:
        match line.split():
            case ["kill", name]:
                kill_function(name)
            case ["start", name, port]:
                threading.Thread(target=guests.run, args=(name, int(port)), daemon=True).start()
            case ["end", port]:
                guests.kill(lambda guest: guest.port == int(port))
    guests.close()
    stalled = threading.Timer(STOP_SECONDS, lambda: os._exit(1))
    stalled.daemon = True
    stalled.start()
    os.kill(os.getpid(), signal.SIGTERM)


def kill_function(name: str) -> None:
    """Ends a function's processes at once, as a crash would; the next call starts new ones."""
    from ministack.core import lambda_runtime

    with lambda_runtime._lock:
        workers = [worker for pool in lambda_runtime._workers.values() for worker in pool]
    for worker in workers:
        process = worker._proc
        if worker.func_name == name and process is not None:
            process.kill()
    guests.kill(lambda guest: guest.name == name)


class Guest:
    """A function's process that the parent speaks to."""

    def __init__(self, name: str, port: int, process):
        self.name, self.port, self.process = name, port, process


class Guests:
    """Processes of deployed functions, as ministack would start them but for their Runtime API, which is the parent's:
    ministack's own waits for whole answers."""

    def __init__(self):
        self._lock = threading.Lock()
        self._running: list[Guest] = []
        self._closed = False

    def run(self, name: str, port: int) -> None:
        """Starts a process and stays with it until it ends."""
        try:
            guest = self._start(name, port)
            for _ in iter(Tee(guest.process.stdout, name).readline, b""):
                pass
            guest.process.wait()
            with self._lock:
                self._running.remove(guest)
        except Exception:
            traceback.print_exc()
        tell("", f"ended {port}")

    def _start(self, name: str, port: int) -> Guest:
        from ministack.services import lambda_svc

        [function] = [it for (_, _, key), it in lambda_svc._functions.all_items() if key == name]
        folder = lambda_svc._provided_runtime_code_dir(function["code_zip"])
        environment = lambda_svc._provided_worker_env(function["config"], folder, port)
        with self._lock, lambda_svc._provided_code_lock:
            if self._closed:
                raise RuntimeError(f"{name} is not started any more")
            process = subprocess.Popen(
                [os.path.join(folder, "bootstrap")],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            guest = Guest(name, port, process)
            self._running.append(guest)
        return guest

    def kill(self, which) -> None:
        """Ends processes at once, as a crash would."""
        with self._lock:
            for guest in filter(which, self._running):
                guest.process.kill()

    def close(self) -> None:
        """Ends all, for good."""
        with self._lock:
            self._closed = True
        self.kill(lambda guest: True)


guests = Guests()


def tell(function: str, text: str) -> None:
    """A line for the parent."""
    with _output:
        sys.stdout.write(f"{function}\t{text}\n")
        sys.stdout.flush()


def forget_stream_positions(state_dir: str) -> None:
    """ministack keeps its consumers' positions in a stream across a restart, but not the stream's records: a
    consumer would wait until as many changes have come again. Without positions it starts at the first new one;
    what the old records held is found by the sweep."""
    path = os.path.join(state_dir, "lambda.json")
    if not os.path.exists(path):
        return
    with open(path) as file:
        state = json.load(file)
    state.get("payload", {}).pop("dynamodb_stream_positions", None)
    replace(path, json.dumps(state))


def follow_port(state_dir: str, port: str) -> None:
    """Queue addresses are kept with the port of their time; here they move to the present one."""
    note = os.path.join(state_dir, "port")
    if os.path.exists(note):
        with open(note) as file:
            former = file.read()
        for name in os.listdir(state_dir) if former != port else ():
            path = os.path.join(state_dir, name)
            if name.endswith(".json"):
                with open(path) as file:
                    text = file.read()
                for host in ("localhost", "127.0.0.1"):
                    text = re.sub(rf"\b{re.escape(host)}:{former}\b", f"{host}:{port}", text)
                replace(path, text)
    replace(note, port)


def replace(path: str, text: str) -> None:
    with open(path + ".new", "w") as file:
        file.write(text)
    os.replace(path + ".new", path)


class Tee:
    """A function's output on its way into ministack's CloudWatch Logs, passed on to the parent as well."""

    def __init__(self, stream, function: str):
        self.stream = stream
        self.function = function

    def readline(self):
        line = self.stream.readline()
        if line:
            tell(self.function, line.decode("utf-8", "replace").rstrip("\r\n"))
        return line

    def close(self):
        self.stream.close()


def main() -> None:
    if os.environ.get("PERSIST_STATE") == "1":
        forget_stream_positions(os.environ["STATE_DIR"])
        follow_port(os.environ["STATE_DIR"], os.environ["GATEWAY_PORT"])

    import gaps
    from ministack import app
    from ministack.core import lambda_runtime

    gaps.close()
    pump = lambda_runtime.ProvidedWorker._pump_output
    lambda_runtime.ProvidedWorker._pump_output = lambda self, stream, queue: pump(
        self, Tee(stream, self.func_name), queue
    )

    # Else every invocation waits 40 ms for a delayed acknowledgement of the Runtime API's answer.
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True

    threading.Thread(target=obey_parent, daemon=True).start()
    sys.argv = ["ministack"]
    try:
        app.main()
    finally:
        guests.close()
        lambda_runtime.reset()
        scratch = os.environ.get("CONVOKE_REMOVE_AT_EXIT")
        if scratch:
            shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
