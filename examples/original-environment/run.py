"""Plays the published benchmark, each episode in a process of its own, with the policy of `npx cliport policy serve`.

python run.py CHECKOUT --out FOLDER [--rows TASK ...] [--episodes 50] [--seed 10101] [--jobs 1] [--act decided|always]
FOLDER gets episodes.jsonl, a line an episode, summary.json, and views/, the heightmap after each episode's last action.
The same command goes on where one was interrupted.
"""

import argparse
import concurrent.futures
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys
import threading

import published as benchmark
import scores
from episode import rounded
from policy_server import PolicyServer

HERE = pathlib.Path(__file__).resolve().parent
KNOWN_TO_SHIPPED_POLICY = [f"{task}-{split}-colors" for task in ("put-block-in-bowl", "stack-block-pyramid-seq",
                           "packing-boxes-pairs") for split in ("seen", "unseen")]


def main():
    options = arguments()
    out = pathlib.Path(options.out)
    (out / "views").mkdir(parents=True, exist_ok=True)
    conditions = conditions_of(options)
    played = resume(out, conditions)
    wanted = [(row, options.seed + 2 * i) for i in range(options.episodes) for row in options.rows]
    rest = [pair for pair in wanted if pair not in played]
    print(f"{len(wanted) - len(rest)} of {len(wanted)} episodes are there already", file=sys.stderr)
    failed = []

    def write_summary():
        """After each episode: a run that is interrupted says what it has."""
        summary = summary_of(conditions, [played[pair] for pair in wanted if pair in played], failed)
        (out / "summary.json").write_text(json.dumps(summary, indent=1) + "\n")
        return summary

    write_summary()
    play_all(options, rest, played, failed, write_summary)
    print(json.dumps(write_summary()))
    return 1 if failed else 0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", help="folder of a checkout of cliport/cliport")
    parser.add_argument("--out", required=True)
    parser.add_argument("--rows", nargs="+", default=KNOWN_TO_SHIPPED_POLICY, help="names of its tasks")
    parser.add_argument("--episodes", type=int, default=50, help="for each row; episode i has seed SEED + 2i")
    parser.add_argument("--seed", type=int, default=10101, help="its test seeds are odd and above 10000")
    parser.add_argument("--jobs", type=int, default=1, help="episodes side by side")
    parser.add_argument("--act", choices=["decided", "always"], default="decided")
    parser.add_argument("--server", default="tcp://127.0.0.1:7001")
    parser.add_argument("--episode-timeout-s", type=float, default=3600)
    return parser.parse_args()


def conditions_of(options):
    """What all episodes of a folder have in common; the handshake also says whether the policy fits the benchmark."""
    hello = PolicyServer(options.server).hello(benchmark.WORKSPACE_M, benchmark.PIXEL_M)
    policy = {key: hello[key] for key in ("name", "package_sha256", "thresholds")}
    return {"version": 1, "policy": policy, "act": options.act, "checkout_sha256": benchmark.fingerprint(options.checkout)}


def resume(out, conditions):
    """The episodes that are there, by (task, seed), if they were played under the same conditions."""
    stated, lines = out / "conditions.json", out / "episodes.jsonl"
    if stated.exists() and json.loads(stated.read_text()) != conditions:
        raise SystemExit(f"{out} holds episodes under other conditions ({stated}); take another folder")
    stated.write_text(json.dumps(conditions, indent=1) + "\n")
    if not lines.exists():
        return {}
    complete = lines.read_text().rpartition("\n")[0]  # a line that was cut off is played again
    lines.write_text(complete + "\n" if complete else "")
    episodes = [json.loads(line) for line in complete.splitlines()]
    return {(episode["task"], episode["seed"]): episode for episode in episodes}


def summary_of(conditions, episodes, failed):
    versions = {name: importlib.metadata.version(name) for name in ("pybullet", "numpy")}
    tasks = sorted({episode["task"] for episode in episodes})
    rows = {task: scores.row([episode for episode in episodes if episode["task"] == task]) for task in tasks}
    return rounded({**conditions, "versions": versions, "rows": rows, "failed": failed})


def play_all(options, rest, played, failed, write_summary):
    """Plays the episodes of `rest` into `played` and episodes.jsonl; those that come to no end are listed in `failed`."""
    lines = pathlib.Path(options.out) / "episodes.jsonl"
    lock = threading.Lock()

    def one(pair):
        episode, reason = play_one(options, *pair)
        with lock:
            if episode is None:
                failed.append({"task": pair[0], "seed": pair[1], "reason": reason})
                print(f"{pair[0]} {pair[1]}: {reason}", file=sys.stderr)
                return
            played[pair] = episode
            with lines.open("a") as file:
                file.write(json.dumps(episode) + "\n")
            write_summary()
            print(f"{pair[0]} {pair[1]}: {episode['score']:.2f}, {episode['end']}", file=sys.stderr, flush=True)

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        try:
            list(pool.map(one, rest))
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise


def play_one(options, task, seed):
    """One episode in a process of its own. Returns (the line, None) or (None, why there is none)."""
    command = [sys.executable, str(HERE / "episode.py"), options.checkout, task, str(seed)]
    command += ["--server", options.server, "--act", options.act]
    command += ["--last-view", str(pathlib.Path(options.out) / "views" / f"{task}-{seed}.npz")]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=one_thread, timeout=options.episode_timeout_s,
                              check=False)
    except subprocess.TimeoutExpired:
        return None, f"no end within {options.episode_timeout_s:.0f} s"
    if done.returncode != 0:
        return None, (done.stderr.strip().splitlines() or ["no message"])[-1]
    return json.loads(done.stdout), None


if __name__ == "__main__":
    sys.exit(main())
