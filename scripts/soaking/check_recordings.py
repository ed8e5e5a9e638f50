"""Opens recordings with the Python package mcap: a path a line on standard input, a JSON object a line back.

`result` is `whole` (index and every checksum right, as many messages as the file says), `cut` (no end: the whole chunks
are readable, with their messages counted) or `invalid` with a `reason`.
"""

import json
import sys

from mcap.exceptions import McapError
from mcap.reader import make_reader
from mcap.records import Message
from mcap.stream_reader import StreamReader


def check_whole(path: str) -> dict:
    """Reads by the index. Raises McapError where there is none or a checksum is wrong."""
    with open(path, "rb") as stream:
        reader = make_reader(stream, validate_crcs=True)
        summary = reader.get_summary()
        if summary is None or summary.statistics is None:
            raise McapError("no summary")
        topics: dict[str, int] = {}
        for _, channel, _ in reader.iter_messages():
            topics[channel.topic] = topics.get(channel.topic, 0) + 1
    messages = sum(topics.values())
    if messages != summary.statistics.message_count:
        return {"result": "invalid", "reason": f"{messages} messages of {summary.statistics.message_count}"}
    if topics.get("/run") != 1:
        return {"result": "invalid", "reason": "no /run"}
    return {"result": "whole", "messages": messages, "outcomes": topics.get("/outcome", 0)}


def check_cut(path: str, why: str) -> dict:
    """Streams every whole record; what comes after the last one is the cut."""
    messages = 0
    with open(path, "rb") as stream:
        records = StreamReader(stream, validate_crcs=True).records
        try:
            for record in records:
                messages += isinstance(record, Message)
        except Exception as end:  # noqa: BLE001  whatever a cut file makes of the next record
            why = f"{why}; {type(end).__name__}: {end}"
    return {"result": "cut", "messages": messages, "reason": why}


def check(path: str) -> dict:
    """What the file at `path` is."""
    try:
        return check_whole(path)
    except FileNotFoundError:
        return {"result": "gone"}
    except Exception as error:  # noqa: BLE001  the package raises many kinds for a file without an end
        return check_cut(path, f"{type(error).__name__}: {error}")


def main() -> None:
    """Answers until its input ends."""
    for line in sys.stdin:
        print(json.dumps({"path": line.strip(), **check(line.strip())}), flush=True)


if __name__ == "__main__":
    main()
