"""The adaptation of Moonshine's encoder to noise: what it is trained on, how, and the file that is written."""

from __future__ import annotations

import itertools
import json
import random
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from cliport_voice.evaluate import distance, encoded, session, with_white_noise, words_of
from cliport_voice.moonshine import VOCABULARY, WIDTH, Decoder, Encoder
from cliport_voice.export import between, sha256
from cliport_voice.make import RECIPE, commands
from cliport_voice.noise import MARGIN, Conditions, denoised, disturbed, noise
from cliport_voice.sentences import sentences, written
from cliport_voice.speech import LENGTH_STEP_S, Bank, placed, resampled, sentences_of_benchmark
from cliport_voice.train import TrainConfig, batches, config_with, losses, padded
from cliport_voice.vocoder import Voice, pitch_of, revoiced
from cliport_voice.weights import Graph, encoder_names, encoder_of, write_encoder

torch.set_num_threads(1)
ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "models/voice-encoder/encoder.ort"


def bank_of_tones(folder: Path, clips: int) -> Bank:
    """Clips of two lengths with a tone where speech would be."""
    rows, sounds, at = [], [], 0
    for number in range(clips):
        length = 15360 if number % 3 else 23040
        sound = np.zeros(length, np.float32)
        sound[6000:9000] = 0.3 * np.sin(2 * np.pi * (200 + 30 * number) * np.arange(3000) / 16000)
        sounds.append((sound * 32767).astype(np.int16))
        rows.append({"number": number, "text": "Stop.", "goal": False, "voice": "tone", "at": at, "length": length, "begin": 6000, "end": 9000})
        at += length
    (folder / "audio.i16").write_bytes(np.concatenate(sounds).tobytes())
    (folder / "clips.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return Bank(folder)


class Sentences(unittest.TestCase):
    def test_the_same_seed_says_the_same_half_of_it_goals(self):
        made, again = ([*itertools.islice(sentences(7), 2000)] for _ in range(2))
        self.assertEqual(made, again)
        self.assertNotEqual(made, [*itertools.islice(sentences(8), 2000)])
        self.assertAlmostEqual(sum(is_goal for _, is_goal in made) / len(made), 0.5, delta=0.05)

    def test_what_the_benchmark_says_is_left_out(self):
        said = sentences_of_benchmark(ROOT / "benchmarks/voice/sentences.json")
        self.assertIn("put the blue block in the red bowl", said)
        common = next(text for text, _ in sentences(7)).lower()
        self.assertNotIn(common, {text.lower() for text, _ in itertools.islice(sentences(7, without=frozenset([common])), 50)})

    def test_a_question_gets_its_mark(self):
        self.assertEqual([written("could you stop"), written("stop it")], ["Could you stop?", "Stop it."])


class Sound(unittest.TestCase):
    def test_white_noise_has_the_ratio_that_was_asked_for_and_margins_stay_silent(self):
        clip = np.zeros(32000, np.float32)
        clip[12000:20000] = 0.2
        noisy = with_white_noise(clip, clip[12000:20000], 10, 1)
        self.assertFalse(noisy[:MARGIN].any() or noisy[-MARGIN:].any())
        self.assertAlmostEqual(float(np.var(noisy[MARGIN:12000])), 0.004, delta=0.0003)

    def test_a_clip_without_noise_room_or_filter_is_itself_at_another_level(self):
        with tempfile.TemporaryDirectory() as folder:
            bank = bank_of_tones(Path(folder), 3)
            quiet = Conditions(clean=1, room=0, filtered=0, revoiced=0)
            plain, _ = disturbed(bank, 1, quiet, np.random.default_rng(1))
            clip = bank.clip(1)
            level = float(plain @ clip / (clip @ clip))
            np.testing.assert_allclose(plain, level * clip, atol=1e-6)
            loud, clean = disturbed(bank, 1, replace(quiet, clean=0, least_db=0, most_db=0), np.random.default_rng(1))
            np.testing.assert_array_equal(clean, clip)
            self.assertGreater(float(np.var(loud[MARGIN:6000])), 1e-4 * float(np.var(clip[6000:9000])))
            for seed in range(12):
                self.assertTrue(np.isfinite(noise(4000, bank, np.random.default_rng(seed))).all())

    def test_the_filter_leaves_a_third_of_steady_noise_and_the_tone(self):
        sound = 0.01 * np.random.default_rng(3).standard_normal(32000)
        sound[12000:20000] += 0.3 * np.sin(2 * np.pi * 440 * np.arange(8000) / 16000)
        quiet = denoised(sound)
        self.assertLess(float(np.std(quiet[2000:10000])), 0.45 * 0.01)
        self.assertGreater(float(np.std(quiet[13000:19000])), 0.95 * float(np.std(sound[13000:19000])))

    def test_another_voice_has_another_pitch_and_the_same_length_and_loudness(self):
        time_s, rng = np.arange(16000) / 16000, np.random.default_rng(1)
        buzz = sum(np.sin(2 * np.pi * 120 * k * time_s) / k for k in range(1, 30)).astype(np.float32)
        higher = revoiced(buzz, Voice(pitch_hz=210, throat=0.9, order=24, smoothing=3, breath=0.3), rng)
        self.assertAlmostEqual(float(np.median(pitch_of(buzz))), 120, delta=3)
        self.assertAlmostEqual(float(np.median(pitch_of(higher))), 210, delta=6)
        self.assertEqual(len(higher), len(buzz))
        self.assertAlmostEqual(float(np.std(higher)), float(np.std(buzz)), delta=0.01)
        hiss = rng.standard_normal(8000)
        self.assertLess(float(np.mean(pitch_of(hiss) > 0)), 0.2)

    def test_speech_is_placed_in_a_length_of_the_steps_and_stretched_as_asked(self):
        clip, begin = placed(np.ones(20000, np.float32), random.Random(1))
        self.assertEqual(len(clip) % round(LENGTH_STEP_S * 16000), 0)
        self.assertEqual((clip.sum(), clip[begin]), (20000, 1))
        self.assertIsNone(placed(np.ones(110000, np.float32), random.Random(1)))
        tone = np.sin(2 * np.pi * 100 * np.arange(8000) / 16000).astype(np.float32)
        longer = resampled(tone, 1.25)
        self.assertEqual(len(longer), 10000)
        self.assertEqual(int(np.abs(np.fft.rfft(longer)).argmax()) * 16000 / len(longer), 80)
        self.assertAlmostEqual(float(np.std(longer[500:-500])), float(np.std(tone)), delta=0.01)


class Training(unittest.TestCase):
    def test_a_batch_has_one_length_and_no_clip_comes_twice_in_a_round(self):
        with tempfile.TemporaryDirectory() as folder:
            bank = bank_of_tones(Path(folder), 18)
            first = [*itertools.islice(batches(bank, 3, 5), 6)]
            self.assertEqual(first, [*itertools.islice(batches(bank, 3, 5), 6)])
            self.assertEqual(sorted(itertools.chain(*first)), list(range(18)))
            self.assertTrue(all(len({bank.rows[i]["length"] for i in batch}) == 1 for batch in first))
            with self.assertRaisesRegex(ValueError, "no 30 clips"):
                next(batches(bank, 30, 5))

    def test_settings_are_named_and_typed(self):
        config = config_with(["steps=7", "learning_rate=1e-3", "room=0"])
        self.assertEqual((config.steps, config.learning_rate, config.conditions.room), (7, 1e-3, 0))
        with self.assertRaisesRegex(SystemExit, "no setting speed"):
            config_with(["speed=1"])
        self.assertEqual(TrainConfig(), config_with([]))

    def test_the_losses_fall_and_the_decoder_stays(self):
        torch.manual_seed(1)
        encoder, decoder = Encoder(), Decoder().requires_grad_(False)
        sound, wanted, tokens = torch.randn(2, 6000), torch.randn(2, 14, WIDTH), padded([[1, 5, 9, 2], [1, 7, 2]])
        before = {name: value.clone() for name, value in decoder.state_dict().items()}
        optimizer, totals = torch.optim.AdamW(encoder.parameters(), 3e-4), []
        for _ in range(8):
            away, words = losses(encoder(sound), wanted[:, : encoder(sound).shape[1]], tokens, decoder)
            totals.append((away.item(), words.item()))
            optimizer.zero_grad()
            (away + words).backward()
            optimizer.step()
        self.assertLess(totals[-1][0], totals[0][0])
        self.assertLess(totals[-1][1], totals[0][1])
        self.assertTrue(all(torch.equal(value, before[name]) for name, value in decoder.state_dict().items()))
        self.assertAlmostEqual(losses(encoder(sound), encoder(sound), tokens, decoder)[0].item(), 0)
        self.assertEqual(decoder(tokens.clamp(min=0), encoder(sound)).shape, (2, 4, VOCABULARY))


class Recipe(unittest.TestCase):
    def test_the_recipe_makes_banks_trains_on_them_and_exports_once(self):
        recipe = json.loads(RECIPE.read_text())
        made = commands(recipe, Path("OUT"), Path("joe.onnx"))
        self.assertEqual([command[0].split(".")[1] for command in made], ["speech", "speech", "train", "export"])
        self.assertEqual(made[0][1:], ["--out", "OUT/speech", "--clips", "7000", "--seed", "1"])
        self.assertEqual(made[1][-2:], ["--piper", "joe.onnx"])
        self.assertEqual(made[-1][-2:], ["OUT/speech", "OUT/joe"])
        self.assertEqual(made[2][1:5], ["--bank", "OUT/speech", "OUT/joe", "OUT/joe"])
        for stage in recipe["stages"]:
            config_with([f"{name}={value}" for name, value in stage["set"].items()])


class File(unittest.TestCase):
    def test_a_file_read_and_written_is_the_same_and_hears_as_pytorch_does(self):
        encoder = encoder_of(SHIPPED)
        with tempfile.TemporaryDirectory() as folder:
            again = Path(folder) / "again.ort"
            write_encoder(encoder, SHIPPED, again)
            self.assertEqual(again.read_bytes(), SHIPPED.read_bytes())
            with torch.no_grad():
                encoder.layers[0].up.weight.mul_(1.5)
                encoder.conv2.bias.add_(0.1)
            write_encoder(encoder, SHIPPED, again)
            changed = encoder_of(again)
            torch.testing.assert_close(changed.conv2.bias, encoder.conv2.bias)
            weight = encoder.layers[0].up.weight.detach()
            step = float(weight.max() - weight.min()) / 255
            torch.testing.assert_close(changed.layers[0].up.weight.detach(), weight, atol=0.51 * step, rtol=0)
            changed_sound = self.heard(changed, again)
        self.assertLess(changed_sound, 0.01)
        self.assertLess(self.heard(encoder_of(SHIPPED), SHIPPED), 0.01)

    def test_weights_lie_on_the_way_from_the_original_to_the_trained_ones(self):
        first, last = Encoder(), Encoder()
        torch.testing.assert_close(between(first, last, 0).conv1.weight, first.conv1.weight)
        torch.testing.assert_close(between(first, last, 0.25).conv1.weight, 0.75 * first.conv1.weight + 0.25 * last.conv1.weight)

    def test_the_card_names_the_file(self):
        self.assertEqual(json.loads((SHIPPED.parent / "card.json").read_text())["sha256"], sha256(SHIPPED))

    def heard(self, encoder: Encoder, file: Path) -> float:
        """Squared difference of ONNX Runtime's output from PyTorch's, as a share."""
        sound = 0.1 * np.random.default_rng(2).standard_normal(24000).astype(np.float32) * np.hanning(24000).astype(np.float32)
        with torch.no_grad():
            wanted = encoder(torch.from_numpy(sound)[None]).numpy()
        return float(np.mean((encoded(session(file), sound) - wanted) ** 2) / np.mean(wanted**2))

    def test_every_weight_of_the_encoder_has_its_place_in_the_file(self):
        floats, matrices = encoder_names(Graph(SHIPPED))
        self.assertEqual(set(floats) | set(matrices), set(Encoder().state_dict()))
        self.assertEqual(len(set(floats.values()) | set(matrices.values())), len(floats) + len(matrices))


class Words(unittest.TestCase):
    def test_errors_are_the_fewest_changes(self):
        said = words_of("Put 2 gray blocks in.")
        self.assertEqual(said, ["put", "two", "gray", "blocks", "in"])
        self.assertEqual([distance(said, words_of(text)) for text in ("put two grey blocks in", "but two blocks in the", "")], [0, 3, 5])


if __name__ == "__main__":
    unittest.main()
