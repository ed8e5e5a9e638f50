"""Gives this user's service (cliport serve) a goal and waits for its end: service.py "put the red blocks in a green bowl" """

import json
import os
import pathlib
import sys
import time
import urllib.request

state = pathlib.Path(os.environ.get("XDG_STATE_HOME", pathlib.Path.home() / ".local/state")) / "cliport"
url = json.loads((state / "service.json").read_text())["url"]
token = (state / "token").read_text().strip()


def ask(path, body=None):
    """The answer to one request; urllib.error.HTTPError has the service's own words in its body."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url + path, data, headers), timeout=30) as answer:
        return json.load(answer)


goal = ask("/api/goals", {"sentence": sys.argv[1], "source": "python"})
print(f"{goal['id']} {goal['state']}: {ask('/api/state')['session']['reason'] or 'it begins'}")
while goal["state"] not in ("done", "canceled"):
    time.sleep(0.5)
    goal = ask(f"/api/goals/{goal['id']}")
print(f"{goal['outcome'] or goal['state']}: {goal['reason']}")
sys.exit(0 if goal["outcome"] == "achieved" else 1)
