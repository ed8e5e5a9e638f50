"""Means of episodes with their 95 % intervals."""

import math
import statistics

Z_95 = 1.959964


def wilson(mean, count):
    """95 % interval of a mean of `count` values in 0..1 (Wilson 1927), with the mean in the place of the share."""
    if count == 0:
        return [0.0, 1.0]
    centre = (mean + Z_95**2 / (2 * count)) / (1 + Z_95**2 / count)
    half = Z_95 / (1 + Z_95**2 / count) * math.sqrt(mean * (1 - mean) / count + Z_95**2 / (4 * count**2))
    return [0.0 if mean == 0 else max(0.0, centre - half), 1.0 if mean == 1 else min(1.0, centre + half)]


def share(flags):
    """How many of them, as {"count", "of", "share", "ci95"}."""
    flags = list(flags)
    mean = statistics.fmean(flags) if flags else 0.0
    return {"count": sum(flags), "of": len(flags), "share": mean, "ci95": wilson(mean, len(flags))}


def average(values):
    values = list(values)
    mean = statistics.fmean(values) if values else 0.0
    return {"mean": mean, "ci95": wilson(min(1.0, max(0.0, mean)), len(values))}


def row(episodes):
    """The figures of one task, of one episode or more. What they mean: README.md."""
    finished = [look for episode in episodes for look in episode["finished"]]
    last = [look for look in finished if look["last"]]
    moves = [step for episode in episodes for step in episode["looks"] if step.get("moved")]
    ends = [episode["end"] for episode in episodes]
    return {
        "episodes": len(episodes),
        "seeds": [min(episode["seed"] for episode in episodes), max(episode["seed"] for episode in episodes)],
        "score": average(episode["score"] for episode in episodes),
        "success": share(episode["score"] > 0.99 for episode in episodes),
        "score_when_decided": average(episode["decided"]["score"] for episode in episodes),
        "success_when_decided": share(episode["decided"]["score"] > 0.99 for episode in episodes),
        "false_achieved": share(said_done_early(episode) for episode in episodes),
        "steps_mean": statistics.fmean(episode["steps"] for episode in episodes),
        "ends": {end: ends.count(end) for end in sorted(set(ends))},
        "decided_ends": _counted(episode["decided"]["end"] for episode in episodes),
        "stops_when_done": share(stops(look) for look in last),
        "stops_when_done_arm_home": share(stops(look["arm_home"]) for look in last),
        "stops_when_sentence_done": share(stops(look) for look in finished),
        "wrong_moves": share(step["reward"] <= 0 for step in moves),
        "moves_of_a_moved_object": {"count": sum(episode["moved_again"] for episode in episodes), "of": len(moves)},
        "episodes_with_them": share(episode["moved_again"] > 0 for episode in episodes),
    }


def stops(look):
    return look["decision"] != "act"


def said_done_early(episode):
    """The policy's first refusal said that nothing was left to do, and something was."""
    return episode["decided"]["end"] == "achieved" and episode["decided"]["score"] <= 0.99


def _counted(names):
    names = list(names)
    return {name: names.count(name) for name in sorted(set(names))}
