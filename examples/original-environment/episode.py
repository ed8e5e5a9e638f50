"""One episode of the published benchmark with the policy behind a server, in this process; prints one line of JSON.

run.py starts one such process an episode. By hand: python episode.py CHECKOUT TASK SEED [--server ADDRESS] [--act always]
"""

import argparse
import json
import os
import sys

import numpy as np

import published as benchmark
from policy_server import PolicyServer, decision


def play(scene, decide, thresholds, act, last_view=None):
    """Plays until the benchmark is done, the steps are used up, a motion times out or, with act = "decided", the policy
    says that it would not act. With act = "always" its proposal is carried out in any case, as published agents act.

    `decide(sentence, color, height_m)` is a reply of the policy server, `thresholds` are those of its handshake,
    `last_view` a file for the heightmap after the last action (npz: color, height_m). Returns what a line of
    episodes.jsonl says.
    """
    done_steps, score, end, decided, finished, refused = [], 0.0, "step_limit", None, [], None

    def said(sentence, view):
        reply = decide(sentence, *view)
        return reply, _said(reply, *decision(reply, thresholds, len(done_steps)))

    view = scene.look()
    while len(done_steps) < scene.max_steps:
        sentence = scene.sentence
        reply, look = said(sentence, view)
        if decided is None and look["decision"] != "act":
            decided = {"score": score, "steps": len(done_steps), "end": look["decision"]}
            if act == "decided":
                end, refused = look["decision"], {"sentence": sentence, **look}
                break
        outcome, timed_out = _act(scene, reply)
        done_steps.append({"sentence": sentence, **look, **outcome})
        score += outcome["reward"]
        view = scene.look()
        if timed_out:
            end = "motion_timeout"
            break
        if scene.done or scene.sentence != sentence:
            finished.append({"last": scene.done, **said(sentence, view)[1]})
        if scene.done:
            end = "goal_reached"
            finished[-1]["arm_home"] = said(sentence, scene.look_with_arm_home())[1]
            break
    if last_view is not None:
        np.savez_compressed(last_view, color=view[0], height_m=view[1])
    ending = {"score": score, "end": end, "steps": len(done_steps)}
    return {**ending, "decided": decided or {**ending}, "max_steps": scene.max_steps, "finished": finished,
            "moved_again": moved_again(done_steps), "looks": done_steps, "refused": refused}


def _act(scene, reply):
    before = scene.objects()
    reward, timed_out = scene.act(reply["pick"], reply["place"])
    return {"reward": reward, "moved": moved_objects(before, scene.objects())}, timed_out


def _said(reply, decided, reason):
    """What a line keeps of a reply of the policy server."""
    place = reply["place"]
    return {"decision": decided, "reason": reason, "found": reply["found"], "remaining": reply["remaining"],
            "pick": reply["pick"]["pixel"], "place": [*place["pixel"], place["yaw_rad"]],
            "pick_probability": reply["pick"]["probability"], "place_probability": place["probability"]}


def moved_objects(before, after):
    """The objects of `Scene.objects` that are elsewhere afterwards, the one that moved furthest first."""
    moved = []
    for body, (color, *start) in before.items():
        end = after[body][1:]
        distance = sum((a - b) ** 2 for a, b in zip(start, end)) ** 0.5
        if distance > benchmark.MOVED_M:
            moved.append((distance, {"object": body, "color": color, "from_m": start, "to_m": list(end)}))
    return [entry for _, entry in sorted(moved, key=lambda pair: -pair[0])]


def moved_again(steps):
    """Steps whose object an earlier step has moved already: to and fro, where a task needs one move an object."""
    seen, again = set(), 0
    for step in steps:
        if step["moved"]:
            body = step["moved"][0]["object"]
            again += body in seen
            seen.add(body)
    return again


def rounded(value):
    """Numbers of a line to four decimals."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items()}
    return [rounded(entry) for entry in value] if isinstance(value, (list, tuple)) else value


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", help="folder of a checkout of cliport/cliport")
    parser.add_argument("task")
    parser.add_argument("seed", type=int)
    parser.add_argument("--server", default="tcp://127.0.0.1:7001")
    parser.add_argument("--act", choices=["decided", "always"], default="decided")
    parser.add_argument("--last-view", help="file (.npz) for the heightmap after the last action")
    options = parser.parse_args()
    line = _own_standard_output()
    scene = benchmark.Scene(benchmark.load(options.checkout), options.task, options.seed)
    server = PolicyServer(options.server)
    thresholds = server.hello(benchmark.WORKSPACE_M, benchmark.PIXEL_M)["thresholds"]
    record = play(scene, server.decide, thresholds, options.act, options.last_view)
    print(json.dumps({"task": options.task, "seed": options.seed, **rounded(record)}), file=line, flush=True)


def _own_standard_output():
    """Standard output for the line alone: what the benchmark and its physics print goes to standard error from here on."""
    line = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return line


if __name__ == "__main__":
    main()
