"""Shards on a Ray cluster, with a shell script in place of `cliport`; what needs Ray is skipped where it is not installed."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import unittest
import unittest.mock
from pathlib import Path

from cliport_cluster.run import connect, folder_of, keep, run_shard

# Words: the script, then those of the job. Says its release, or writes one file that depends on the shard alone.
PROGRAM = """
if [ "$1" = --version ]; then echo 1.2.3; exit; fi
while [ $# -gt 0 ]; do
  case $1 in --shard) shard=$2;; --out) out=$2;; --fail) echo '{"error":{"code":"DISK_FULL","message":"full"}}'; exit 1;; esac
  shift
done
sleep 0.2
mkdir -p $out/pictures
echo "episode of $shard" > $out/${shard%/*}.mcap
echo '{}' > $out/dataset.json
echo picture > $out/pictures/a.webp
echo "some line"
echo '{"recorded":1}'
"""


class Cluster(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.folder = Path(self.temporary.name)
        script = self.folder / "cliport.sh"
        script.write_text(PROGRAM)
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        self.job = {"kind": "record", "node": "/bin/sh", "script": str(script), "release": "1.2.3", "args": ["record"], "shards": 30,
                    "todo": list(range(1, 31)), "settings": {}, "out": str(self.folder / "out"), "address": "local", "workers": 4}  # fmt: skip

    def test_a_shard_gives_its_report_and_its_files(self):
        answer = run_shard(self.job, 7)
        self.assertEqual(answer["report"], {"recorded": 1})
        self.assertEqual(sorted(answer["files"]), ["7.mcap", "dataset.json", "pictures/a.webp"])
        self.assertEqual(answer["files"]["7.mcap"], b"episode of 7/30\n")

    def test_a_shard_that_fails_says_why(self):
        answer = run_shard(self.job | {"args": ["record", "--fail"]}, 1)
        self.assertEqual(answer["error"]["code"], "DISK_FULL")

    def test_a_machine_with_another_release_is_refused(self):
        answer = run_shard(self.job | {"release": "2.0.0"}, 1)
        self.assertRegex(answer["error"]["message"], "1.2.3.*2.0.0")

    def test_a_machine_without_cliport_is_refused(self):
        with unittest.mock.patch.dict(os.environ, {"PATH": str(self.folder)}):
            answer = run_shard(self.job | {"script": "/nowhere/main.js"}, 1)
        self.assertRegex(answer["error"]["message"], r"has cliport \(none\), but the job was begun with 1.2.3")

    def test_files_have_their_names_only_when_they_are_whole(self):
        keep({"a/b.txt": b"1", "c.txt": b"2"}, self.folder / "kept")
        names = sorted(str(path.relative_to(self.folder / "kept")) for path in (self.folder / "kept").rglob("*.*"))
        self.assertEqual(names, ["a/b.txt", "c.txt"])
        self.assertEqual(folder_of(self.job | {"kind": "eval"}, 3), self.folder / "out" / "shard-000003")

    def test_a_local_cluster_that_does_not_start_in_time_is_started_again(self):
        slow = Exception("The current node timed out during startup. This could happen because ...")
        ray = unittest.mock.Mock()
        ray.init.side_effect = [slow, slow, None]
        connect(ray, "local", 4)
        self.assertEqual((ray.init.call_count, ray.shutdown.call_count), (3, 2))
        ray.init.side_effect = [ValueError("no such port")]
        self.assertRaises(ValueError, connect, ray, "local", 4)
        ray.init.side_effect = [slow]
        self.assertRaisesRegex(Exception, "timed out", connect, ray, "10.0.0.1:6379", 4)

    @unittest.skipUnless(importlib.util.find_spec("ray"), "Ray is not installed")
    def test_of_four_workers_one_is_killed_and_every_shard_is_there_once(self):
        (self.folder / "job.json").write_text(json.dumps(self.job))
        # Ray keeps a token in the home folder; that of the user stays as it is.
        environment = os.environ | {"HOME": str(self.folder), "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-m", "cliport_cluster.run", str(self.folder / "job.json")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as driver:
            answers, killed = [], None
            for line in driver.stdout:
                if not line.startswith("{"):
                    continue
                answers.append(json.loads(line))
                if killed is None:
                    killed = answers[0]["process"]
                    os.kill(killed, signal.SIGKILL)
        self.assertEqual(driver.returncode, 0)
        self.assertEqual(sorted(answer["shard"] for answer in answers), self.job["todo"])
        self.assertGreater(len({answer["process"] for answer in answers}), 1)
        contents = {path.name: path.read_text() for path in Path(self.job["out"]).glob("*.mcap")}
        self.assertEqual(contents, {f"{shard}.mcap": f"episode of {shard}/30\n" for shard in self.job["todo"]})


if __name__ == "__main__":
    unittest.main()
