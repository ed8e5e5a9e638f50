"""Runs the shards of `cliport record` or `cliport eval` on the machines of a Ray cluster.

    python -m cliport_cluster.run JOB.json

`cliport record --ray` and `cliport eval --ray` start it. Every shard is one command line, and what it writes is copied to
the folder of the job on this machine. A shard depends on its number alone, so that one whose machine is lost is run again
on another and gives the same files. One line of JSON a shard on standard output; the rest of the output is for people.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

# Nothing leaves the machine (before Ray is loaded).
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """In the child of a worker that is killed: Linux ends it, too, and with it the processes that it started."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def program(node: str, script: str) -> list[str]:
    """`cliport` as it is on the machine that this runs on: at the same path as where the job began, else the one on PATH."""
    return [node, script] if Path(script).exists() and Path(node).exists() else ["cliport"]


def other_release(command: list[str], release: str) -> dict | None:
    """An error where the machine has another release, whose shards might differ; None where it has this one."""
    try:
        here = subprocess.run([*command, "--version"], capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:
        here = ""
    if here == release:
        return None
    return {"code": "INPUT_INVALID", "message": f"{os.uname().nodename} has cliport {here or '(none)'}, but the job was begun with {release}",
            "hint": "Install the same release on all machines of the cluster"}  # fmt: skip


def run_shard(job: dict, shard: int) -> dict:
    """Runs one shard in a folder of its own. Returns its report and its files, by their paths in that folder."""
    command = program(job["node"], job["script"])
    error = other_release(command, job["release"])
    if error is not None:
        return {"shard": shard, "error": error}
    with tempfile.TemporaryDirectory(prefix="cliport-shard-") as folder:
        out, settings = Path(folder, "out"), Path(folder, "settings.yaml")
        settings.write_text(json.dumps(job["settings"]))
        words = [*job["args"], "--shard", f"{shard}/{job['shards']}", "--out", str(out), "--config", str(settings), "--json"]
        ended = subprocess.run([*command, *words], capture_output=True, text=True, preexec_fn=end_with_parent)
        last = (ended.stdout.strip().splitlines() or ["{}"])[-1]
        report = json.loads(last) if last.startswith("{") else {}
        if ended.returncode != 0:
            return {"shard": shard, "error": report.get("error") or {"message": ended.stderr.strip()[-2000:]}}
        files = {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}
        return {"shard": shard, "report": report, "files": files, "machine": os.uname().nodename, "process": os.getpid()}


def keep(files: dict[str, bytes], folder: Path) -> None:
    """Each gets its name when it is whole."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        part.write_bytes(content)
        part.replace(path)


def folder_of(job: dict, shard: int) -> Path:
    """Episodes of all shards lie in one folder; results of an evaluation in one a shard."""
    out = Path(job["out"])
    return out if job["kind"] == "record" else out / f"shard-{shard:06d}"


# Ray waits 30 s for its own processes, which no setting changes; on a busy machine they take longer to start.
LOCAL_STARTS = 5


def connect(ray, address: str, workers: int) -> None:
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    if address != "local":
        ray.init(address=address, **quiet)
        return
    for left in reversed(range(LOCAL_STARTS)):
        try:
            ray.init(num_cpus=workers, include_dashboard=False, **quiet)
            return
        except Exception as error:
            if left == 0 or "timed out during startup" not in str(error):
                raise
            print("Ray did not start within 30 s and is started again", flush=True)
            ray.shutdown()


def run(job: dict, address: str) -> int:
    import ray

    connect(ray, address, job["workers"])
    # Without end: a shard that is lost with its machine is no fault of the shard.
    task = ray.remote(run_shard).options(num_cpus=1, max_retries=-1)
    handle = ray.put(job)
    waiting = {task.remote(handle, shard): shard for shard in job["todo"]}
    try:
        while waiting:
            done, _ = ray.wait(list(waiting), num_returns=1)
            shard = waiting.pop(done[0])
            answer = ray.get(done[0])
            if "error" in answer:
                print(json.dumps({"shard": shard, "error": answer["error"]}), flush=True)
                return 1
            files = answer.pop("files")
            # What belongs to the whole is written by who began the job.
            if job["kind"] == "record":
                files.pop("dataset.json", None)
            keep(files, folder_of(job, shard))
            print(json.dumps(answer), flush=True)
    finally:
        ray.shutdown()
    return 0


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text())
    # Ctrl-C reaches this process with the others of the terminal, and a kill of the parent shows as a closed pipe.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    try:
        sys.exit(run(job, job["address"]))
    except (KeyboardInterrupt, BrokenPipeError):
        sys.exit(130)


if __name__ == "__main__":
    main()
