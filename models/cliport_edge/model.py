"""The `edge` architecture.

A heightmap (colour and height, rows x cols) and a sentence become a pick cell, a place cell and a place rotation.

Two streams at a quarter of the resolution, as in CLIPort (Shridhar et al., CoRL 2021): a spatial one (colour and height)
and a semantic one (colour, conditioned on language by FiLM, Perez et al., AAAI 2018), the first fused laterally into the
second. The place is found as in Transporter Networks (Zeng et al., CoRL 2020): features round the pick, cut out and
rotated, are correlated with the features of the whole map. A small zoom net then finds the exact cell.

Coordinates: a cell (u, v) covers [u, u+1) x [v, v+1) in continuous cell coordinates, in which the base frame's
x = x_min + v * pixel and y = y_min + u * pixel. Angles turn v towards u, which is counter-clockwise seen from above.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STRIDE = 4  # cells of the heightmap along one cell of the trunk
PICK_CELLS = 9  # side of the square of cells that a pick's probability is summed over: 28 mm
TURN_LIMIT = 0.3  # radians: a rotation and a half
NEVER = -1e4  # logit of what must not be chosen; finite, so that a map of nothing else still has an arg-max


@dataclass(frozen=True)
class EdgeConfig:
    vocabulary: int
    rows: int = 320
    cols: int = 160
    rotations: int = 36
    channels: int = 40
    embedding: int = 64
    reference_channels: int = 16
    key_channels: int = 8
    crop: int = 16  # cells of the trunk along the side of the query
    zoom_channels: int = 24
    zoom_cells: int = 64  # cells of the heightmap along the side of the zoom
    slide_channels: int = 4  # of what is slid over what, at half the resolution
    slides: int = 6
    zooms: bool = True  # whether decisions use the zoom stage; off only to measure what it is worth

    @property
    def text_size(self) -> int:
        return 4 * self.embedding

    def to_json(self) -> dict:
        return asdict(self)


class Block(nn.Module):
    """Depthwise 5x5, optional FiLM, two pointwise layers, residual."""

    def __init__(self, channels: int, text_size: int = 0):
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 5, padding=2, groups=channels, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.expand = nn.Conv2d(channels, 2 * channels, 1)
        self.project = nn.Conv2d(2 * channels, channels, 1)
        self.film = nn.Linear(text_size, 2 * channels) if text_size else None
        nn.init.zeros_(self.project.bias)

    def forward(self, x: Tensor, text: Tensor | None = None) -> Tensor:
        y = self.norm(self.depthwise(x))
        if self.film is not None:
            scale, shift = per_channel(self.film(text)).chunk(2, 1)
            y = y * (1 + scale) + shift
        return x + self.project(F.relu(self.expand(y)))


def downsample(inputs: int, outputs: int, factor: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, factor, factor, bias=False), nn.BatchNorm2d(outputs))


class Stream(nn.Module):
    """An hourglass at 1/4, 1/8 and 1/16; with `lateral`, the decoder also takes the other stream's features."""

    def __init__(self, inputs: int, channels: int, text_size: int = 0, lateral: bool = False):
        super().__init__()
        c4, c8, c16 = channels, channels * 3 // 2, channels * 2
        self.stem = nn.Sequential(nn.Conv2d(inputs, c4, 8, STRIDE, 2, bias=False), nn.BatchNorm2d(c4), nn.ReLU())
        self.encode4 = Block(c4, text_size)
        self.down8 = downsample(c4, c8, 2)
        self.encode8 = nn.ModuleList([Block(c8), Block(c8, text_size)])
        self.down16 = downsample(c8, c16, 2)
        self.encode16 = nn.ModuleList([Block(c16), Block(c16, text_size)])
        self.context = nn.Linear(c16, c16)
        self.merge8 = nn.Conv2d(c16 + c8 + (c8 if lateral else 0), c8, 1)
        self.decode8 = Block(c8, text_size)
        self.merge4 = nn.Conv2d(c8 + c4 + (c4 if lateral else 0), c4, 1)
        self.decode4 = Block(c4, text_size)

    def forward(self, x: Tensor, text: Tensor | None = None, lateral: tuple[Tensor, ...] = ()) -> tuple[Tensor, Tensor]:
        """The decoder's features at 1/8 and 1/4."""
        at4 = self.encode4(self.stem(x), text)
        at8 = self.encode8[1](self.encode8[0](self.down8(at4)), text)
        at16 = self.encode16[0](self.down16(at8))
        at16 = at16 + per_channel(self.context(at16.mean((2, 3))))
        at16 = self.encode16[1](at16, text)
        up8 = self.decode8(merged(self.merge8, at16, at8, *lateral[:1]), text)
        up4 = self.decode4(merged(self.merge4, up8, at4, *lateral[1:]), text)
        return up8, up4


def merged(pointwise: nn.Conv2d, *maps: Tensor) -> Tensor:
    """`pointwise` of the maps beside one another; the first is doubled where it has half the others' size.

    As a sum: nothing is copied to lie side by side, and what is doubled is computed at its own size.
    """
    weights = pointwise.weight.split([x.shape[1] for x in maps], 1)
    biases = [pointwise.bias] + [None] * (len(maps) - 1)
    parts = [F.conv2d(x, weight, bias) for x, weight, bias in zip(maps, weights, biases, strict=True)]
    if maps[0].shape[2] < maps[1].shape[2]:
        parts[0] = F.interpolate(parts[0], scale_factor=2.0, mode="nearest")
    return sum(parts[1:], parts[0])


class TextEncoder(nn.Module):
    """Words to one vector: what to pick, where to place, the sentence as a whole, and what else to pick ("red and blue").

    Colour words are embedded through their colour and all others through a table, so that colour is a space: a name
    that no demonstration used still lies between its neighbours.
    """

    def __init__(self, config: EdgeConfig, color_lab: Tensor):
        super().__init__()
        size = config.embedding
        self.table = nn.Embedding(config.vocabulary, size, padding_idx=0)
        self.register_buffer("color_lab", color_lab)  # vocabulary x 4: L, a, b scaled to about -1..1, and 1 for a colour
        self.color = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, size))
        self.context = nn.ModuleList([nn.Conv1d(size, size, 5, padding=2) for _ in range(2)])
        self.attention = nn.Linear(size, 3)
        self.summary = nn.Linear(size, size)

    def words(self) -> Tensor:
        """One embedding a word of the vocabulary."""
        is_color = self.color_lab[:, 3:]
        return torch.where(is_color > 0, self.color(self.color_lab), self.table.weight)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.encode(tokens)[0]

    def encode(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """The vector, batch x text_size, and how much each word counts (logits) for what to pick, where to place, and what else
        to pick, which is the same thing where the sentence names no other."""
        word = F.embedding(tokens, self.words())
        there = (tokens > 0).unsqueeze(2).to(word.dtype)
        h = word * there
        for layer in self.context:
            h = (h + F.relu(layer(h.transpose(1, 2)).transpose(1, 2))) * there
        weight = self.attention(h) + (1 - there) * NEVER  # batch x words x 3
        slots = weight.softmax(1).transpose(1, 2) @ word
        summary = F.relu(self.summary(h.sum(1) / there.sum(1).clamp(min=1)))
        return torch.cat([slots[:, 0], slots[:, 1], summary, slots[:, 2]], 1), weight


@dataclass
class Trunk:
    """What the heads share, at a quarter of the resolution. Logits, batch x rows/4 x cols/4, unless said otherwise."""

    features: Tensor  # batch x channels x rows/4 x cols/4
    refers_pick: Tensor  # this is what the sentence wants moved, done or not
    refers_place: Tensor  # this is where the sentence wants it
    valid_pick: Tensor  # picking here serves the sentence now
    valid_place: Tensor  # this target may still take something
    reference: Tensor  # batch x reference_channels x rows/4 x cols/4: what the words are compared with
    remaining: Tensor  # batch: another action is needed; a first guess, by the maps' peaks alone


class Edge(nn.Module):
    def __init__(self, config: EdgeConfig, color_lab: Tensor | None = None):
        super().__init__()
        self.config = config
        c, text_size = config.channels, config.text_size
        self.text = TextEncoder(config, torch.zeros(config.vocabulary, 4) if color_lab is None else color_lab)
        self.spatial = Stream(4, c)
        self.semantic = Stream(3, c, text_size, lateral=True)
        self.reference = nn.Conv2d(c, config.reference_channels, 1)
        self.reference_pick = nn.Linear(config.embedding, config.reference_channels + 1)
        self.reference_place = nn.Linear(config.embedding, config.reference_channels + 1)
        self.mix = nn.Conv2d(2 * c + 2, c, 1)
        self.fused = Block(c, text_size)
        self.valid = nn.Conv2d(c, 2, 1)
        self.pick_head = nn.Conv2d(c, STRIDE * STRIDE, 1)
        self.key = nn.Conv2d(c, config.key_channels, 1)
        self.query = nn.Conv2d(c, config.key_channels, 1)
        self.remaining_head = nn.Linear(c + 2, 1)
        self.zoom = Zoom(config)
        self.judge = Judge(config)
        with torch.no_grad():  # start from "the map's maximum decides"
            self.remaining_head.weight.zero_()
            self.remaining_head.weight[0, 0] = 1
            self.remaining_head.bias.zero_()
            self.valid.bias.fill_(-3)

    @staticmethod
    def normalize(color: Tensor, height: Tensor) -> Tensor:
        """color uint8 [B, rows, cols, 3] and height [B, rows, cols] in metres to the net's input [B, 4, rows, cols]."""
        rgb = color.permute(0, 3, 1, 2).float() * (4 / 255) - 1.4
        z = height.clamp(0, 0.28) * 20 - 0.3
        return torch.cat([rgb, z[:, None]], 1)

    def trunk(self, x: Tensor, text: Tensor) -> Trunk:
        spatial = self.spatial(x)
        _, semantic = self.semantic(x[:, :3], text, spatial)
        size = self.config.embedding
        reference = self.reference(semantic)
        this, where, _, that = text.split(size, 1)
        meant = torch.stack([self.reference_pick(this), self.reference_pick(that), self.reference_place(where)], 1)
        maps = refers(reference, meant)
        pick, place = torch.maximum(maps[:, 0], maps[:, 1]), maps[:, 2]
        words = torch.tanh(torch.stack([pick, place], 1) / 4)
        features = self.fused(merged(self.mix, spatial[1], semantic, words), text)
        valid_pick, valid_place = self.valid(features).unbind(1)
        seen, doable = peak(pick), peak(valid_pick)
        remaining = self.remaining_head(torch.cat([doable, seen, features.mean((2, 3))], 1))
        return Trunk(features, pick, place, valid_pick, valid_place, reference, remaining[:, 0])

    def pick(self, features: Tensor) -> Tensor:
        """Logits of the pick, batch x rows x cols."""
        return F.pixel_shuffle(self.pick_head(features), STRIDE)[:, 0]

    @staticmethod
    def middle(logits: Tensor, suppress: Tensor) -> Tensor:
        """Probability of the pick that lies round every cell: highest in the middle of what may be picked, where a grasp
        bears being off by most."""
        probability = logits.flatten(1).softmax(1).view_as(logits)
        return F.avg_pool2d(probability[:, None], PICK_CELLS, 1, PICK_CELLS // 2)[:, 0] - suppress

    def place(self, features: Tensor, pick: Tensor, rotations: Tensor) -> Tensor:
        """Logits of the place, batch x rotations x rows/4 x cols/4.

        `pick` is batch x 2 in continuous cells (u, v); `rotations` is batch x R indices: index i turns by -i * 10 degrees.
        """
        crop = self.config.crop
        query, key = self.query(features).contiguous(), self.key(features).contiguous()
        batch, count = rotations.shape
        angle = rotations.to(features.dtype) * (2 * math.pi / self.config.rotations)
        # The place frame's offset d lay at R(+angle) d round the pick, before the object was turned by -angle.
        # Sample crop/2 is the pick itself, and falls on a key cell's middle.
        grid = crop_grid(pick[:, None] / STRIDE, angle, crop, query.shape[2], query.shape[3], crop / 2)
        kernels = F.grid_sample(query, grid.view(batch, count * crop, crop, 2), align_corners=False)
        kernels = kernels.view(batch, -1, count, crop, crop).transpose(1, 2) / crop
        padded = F.pad(key, (crop // 2, crop // 2 - 1, crop // 2, crop // 2 - 1))
        return correlated(padded, kernels)

    def decide(self, color: Tensor, height: Tensor, text: Tensor, suppress: Tensor) -> tuple[Tensor, ...]:
        """The whole decision for a batch of one, arg-max included; what decide.onnx computes."""
        x, trunk, _, pick, rotation, coarse = self._coarse(color, height, text, suppress)
        if self.config.zooms:
            cell, turn = self._exact(x, text, pick, rotation, coarse)
        else:
            cell, turn = coarse[0] * STRIDE + STRIDE // 2, torch.zeros(1)
        pick_cell = pick[0].long()
        found, remaining = self.judge(x, trunk, text)
        return (
            pick_cell,
            cell,
            rotation,
            turn,
            at(trunk.valid_pick, pick_cell // STRIDE).sigmoid(),
            at(trunk.valid_place, coarse[0], around=True).sigmoid(),
            remaining.sigmoid(),
            found.sigmoid(),
        )

    def _exact(self, x: Tensor, text: Tensor, pick: Tensor, rotation: Tensor, coarse: Tensor) -> tuple[Tensor, Tensor]:
        """The place's cell, and the turn beyond the rotation."""
        size = self.config.zoom_cells
        angle = rotation.to(x.dtype) * (2 * math.pi / self.config.rotations)
        offsets, turn = self.zoom(x, pick, angle, coarse, text)
        best = offsets.flatten().argmax(0, keepdim=True)
        offset = torch.cat([best // size, best % size]) - (size // 2 - STRIDE // 2)
        limit = torch.tensor([self.config.rows - 1, self.config.cols - 1])
        return torch.minimum((coarse[0] * STRIDE + offset).clamp(min=0), limit), turn

    def maps(self, color: Tensor, height: Tensor, text: Tensor, suppress: Tensor) -> tuple[Tensor, Tensor]:
        """Pick and place maps of a batch of one for people to look at, rows x cols, largest value 1."""
        _, _, place, _, _, _, pick_logits = self._coarse(color, height, text, suppress, with_pick=True)
        coarse = place[0].amax(0)[None, None]
        fine = F.interpolate(coarse, scale_factor=float(STRIDE), mode="bilinear", align_corners=False)[0, 0]
        return brightness(pick_logits[0]), brightness(fine)

    def _coarse(self, color, height, text, suppress, with_pick: bool = False):
        x = self.normalize(color, height)
        trunk = self.trunk(x, text)
        logits = self.pick(trunk.features) + suppress * NEVER
        best = self.middle(logits, suppress).flatten(1).argmax(1)
        pick = torch.stack([best // self.config.cols, best % self.config.cols], 1).to(x.dtype)
        place = self.place(trunk.features, pick, torch.arange(self.config.rotations)[None])
        rows, cols = self.config.rows // STRIDE, self.config.cols // STRIDE
        best = place.flatten(1).argmax(1)
        rotation = best // (rows * cols)
        coarse = torch.stack([best // cols % rows, best % cols], 1)
        result = (x, trunk, place, pick, rotation, coarse)
        return (*result, logits) if with_pick else result


class Judge(nn.Module):
    """Looks at the best candidates alone, colour and features beside the words, and says whether they are what is meant.

    `found`: what is to be moved is on the table, and so is the place, where the sentence names one.
    """

    MAPS = 3  # of logits

    def __init__(self, config: EdgeConfig, hidden: int = 96):
        super().__init__()
        candidate = self.MAPS + config.channels + config.reference_channels + 4
        decision = lambda inputs: nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 1))
        self.found = decision(2 * candidate + config.text_size)
        self.remaining = decision(2 * candidate + config.channels + config.text_size)

    def forward(self, x: Tensor, trunk: Trunk, text: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of found and remaining, [B]. Nothing of it reaches the trunk: the maps stay what they are."""
        looks = F.avg_pool2d(x.detach(), STRIDE)
        logits = torch.stack([trunk.refers_pick, trunk.valid_pick, trunk.refers_place], 1) / 4
        maps = torch.cat([logits, trunk.features, trunk.reference, looks], 1).detach().float()
        meant, doable, where = (self.candidate(maps, by) for by in range(self.MAPS))
        text = text.detach()
        whole = maps[:, self.MAPS : self.MAPS + trunk.features.shape[1]].mean((2, 3))
        found = self.found(torch.cat([meant, where, text], 1))
        return found[:, 0], self.remaining(torch.cat([meant, doable, whole, text], 1))[:, 0]

    @staticmethod
    def candidate(maps: Tensor, by: int) -> Tensor:
        """All maps' mean over the 3x3 cells where that of map number `by` is highest: one bright cell is noise, nine are a thing."""
        batch, count, _, cols = maps.shape
        best = F.avg_pool2d(maps[:, by : by + 1], 3, 1).flatten(1).argmax(1)
        first = best // (cols - 2) * cols + best % (cols - 2)
        cells = first[:, None] + torch.tensor([du * cols + dv for du in range(3) for dv in range(3)], device=maps.device)
        return maps.flatten(2).gather(2, cells[:, None].expand(batch, count, 9)).mean(2)


class Zoom(nn.Module):
    """Full-resolution cells round the coarse place and, turned as they will be, round the pick, to the exact place."""

    def __init__(self, config: EdgeConfig):
        super().__init__()
        c = config.zoom_channels
        self.config = config
        self.stem = nn.Sequential(nn.Conv2d(8, c, 5, 2, 2, bias=False), nn.BatchNorm2d(c), nn.ReLU())
        self.down = nn.Sequential(nn.Conv2d(c, c, 3, 2, 1, bias=False), nn.BatchNorm2d(c), nn.ReLU())
        self.blocks = nn.ModuleList([Block(c, config.text_size) for _ in range(3)])
        self.merge = nn.Conv2d(2 * c, c, 1)
        self.slide = Slide(config)
        self.slid = nn.Conv2d(config.slides, c, 1, bias=False)
        nn.init.zeros_(self.slid.weight)
        self.last = Block(c)
        self.head = nn.Conv2d(c, 4, 1)
        self.edges = Edges(config.zoom_cells)
        self.turn = nn.Sequential(nn.Linear(c + config.text_size + self.edges.size, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, x: Tensor, pick: Tensor, angle: Tensor, coarse: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
        """Logits batch x zoom_cells x zoom_cells, and how much further to turn, [B] radians. Entry (i, j) is the cell `STRIDE * coarse - zoom_cells/2 + STRIDE/2 + (i, j)`.

        `pick` in continuous cells, `angle` [B] in radians (the rotation index times 10 degrees), `coarse` [B, 2] in cells
        of the trunk.
        """
        size, rows, cols = self.config.zoom_cells, x.shape[2], x.shape[3]
        centre = (coarse.to(x.dtype) + 0.5) * STRIDE
        x = x.contiguous()
        crop = lambda at, turn: F.grid_sample(
            x, crop_grid(at[:, None], turn[:, None], size, rows, cols, (size - 1) / 2)[:, 0], align_corners=False
        )
        round_place, round_pick = crop(centre, torch.zeros_like(angle)), crop(pick, angle)
        half = self.stem(torch.cat([round_place, round_pick], 1))
        y = self.down(half)
        for block in self.blocks:
            y = block(y, text)
        edges = self.edges(round_place[:, 3:], round_pick[:, 3:])
        turn = TURN_LIMIT * torch.tanh(self.turn(torch.cat([y.mean((2, 3)), text, edges], 1))[:, 0])
        slid = self.slid(self.slide(round_place, round_pick))
        y = self.last(merged(self.merge, y, half) + slid)
        return F.pixel_shuffle(self.head(y), 2)[:, 0], turn


class Slide(nn.Module):
    """Slides what is round the pick over what is round the place, at half the resolution: where it would lie on something,
    touch it, or leave a gap."""

    KERNEL = 24  # of half the resolution's cells, along the side of what is slid: 150 mm
    REACH = 16  # positions round the middle, along a side

    def __init__(self, config: EdgeConfig):
        super().__init__()
        self.channels, self.slides = config.slide_channels, config.slides
        stem = lambda outputs: nn.Sequential(nn.Conv2d(4, 16, 5, 2, 2, bias=False), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, outputs, 1))
        self.room, self.shape = stem(self.channels), stem(self.channels * self.slides)
        self.norm = nn.BatchNorm2d(self.slides)

    def forward(self, place: Tensor, pick: Tensor) -> Tensor:
        """Of looks [B, 4, cells, cells]: [B, slides, cells/2, cells/2], 0 farther from the middle than is reached."""
        room, shape = self.room(place), self.shape(pick)
        batch, half = shape.shape[0], shape.shape[2]
        rim, before = (half - self.KERNEL) // 2, (half - self.REACH) // 2
        kernels = shape[:, :, rim : rim + self.KERNEL, rim : rim + self.KERNEL]
        kernels = kernels.reshape(batch, self.slides, self.channels, self.KERNEL, self.KERNEL) / self.KERNEL
        # The pick's own cell lies KERNEL / 2 from the kernel's corner, so this much room is missing at both ends.
        missing = self.KERNEL // 2 - before
        padded = F.pad(room, (missing, missing - 1, missing, missing - 1))
        return F.pad(F.relu(self.norm(correlated(padded, kernels))), (before, before, before, before))


class Edges(nn.Module):
    """How the edges round the pick lie to those round the place: of rectangles, the angle that they still have to turn.

    The gradients of the height, as complex numbers to the fourth power (a quarter turn changes nothing), are added up
    within circles; the product of one sum with the other's conjugate has four times the angle between them.
    """

    PLACE_RADII = (16, 24, 64)  # cells
    PICK_RADII = (12, 20, 64)
    HIGHEST = 2.0  # in units of the net's input

    def __init__(self, cells: int):
        super().__init__()
        slope = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 8
        self.register_buffer("sobel", torch.stack([slope, slope.t()])[:, None], persistent=False)
        offset = torch.arange(cells - 2) - (cells - 3) / 2
        distance = (offset[:, None] ** 2 + offset[None, :] ** 2).sqrt().flatten()
        within = lambda radii: torch.stack([(distance < radius).float() for radius in radii], 1)
        self.register_buffer("round_place", within(self.PLACE_RADII), persistent=False)
        self.register_buffer("round_pick", within(self.PICK_RADII), persistent=False)
        self.size = 2 * len(self.PLACE_RADII) * len(self.PICK_RADII)

    def forward(self, place: Tensor, pick: Tensor) -> Tensor:
        """Of heights [B, 1, cells, cells]: cosine and sine of four times the angle, for each pair of circles, [B, size]."""
        a, b = self.sums(place, self.round_place), self.sums(pick, self.round_pick)
        a, b = a[:, :, :, None], b[:, :, None, :]
        real, imaginary = a[:, 0] * b[:, 0] + a[:, 1] * b[:, 1], a[:, 1] * b[:, 0] - a[:, 0] * b[:, 1]
        both = torch.stack([real, imaginary], 1)
        return (both / ((both * both).sum(1, keepdim=True) + 1e-8).sqrt()).flatten(1)

    def sums(self, height: Tensor, circles: Tensor) -> Tensor:
        """Real and imaginary part, [B, 2, circles]."""
        slope = F.conv2d(height.clamp(max=self.HIGHEST), self.sobel).flatten(2)
        x, y = slope[:, 0], slope[:, 1]
        squared = x * x + y * y
        c, s = x * x - y * y, 2 * x * y  # twice the angle
        fourth = torch.stack([c * c - s * s, 2 * c * s], 1) / (squared * squared.sqrt() + 1e-6)[:, None]
        return fourth @ circles


def correlated(maps: Tensor, kernels: Tensor) -> Tensor:
    """Every sample's maps, batch x channels x rows x cols, with its own kernels, batch x outputs x channels x side x side."""
    return torch.cat([F.conv2d(maps[i : i + 1], kernels[i]) for i in range(maps.shape[0])])


def crop_grid(centre: Tensor, angle: Tensor, size: int, rows: int, cols: int, middle: float) -> Tensor:
    """Sampling grid (as `grid_sample` takes it, without corners aligned) of squares turned by `angle` round `centre`.

    centre [B, 1, 2] (u, v) in continuous cells, which sample number `middle` of a side hits; angle [B, R]; returns
    [B, R, size, size, 2]. Written out because `affine_grid` exports from opset 20 only.
    """
    offset = torch.arange(size, dtype=angle.dtype, device=angle.device) - middle
    du, dv = offset[:, None], offset[None, :]
    cos, sin = angle.cos()[:, :, None, None], angle.sin()[:, :, None, None]
    v = centre[:, :, 1, None, None] + cos * dv - sin * du
    u = centre[:, :, 0, None, None] + sin * dv + cos * du
    return torch.stack([v * (2 / cols) - 1, u * (2 / rows) - 1], -1)


def per_channel(values: Tensor) -> Tensor:
    """Values, batch x channels, as maps of one cell, which go with maps of any size."""
    return values.view(-1, values.shape[1], 1, 1)


def refers(reference: Tensor, words: Tensor) -> Tensor:
    """Dot product of every cell's features with each word's, plus the word's bias: batch x words x rows x cols."""
    logits = words[:, :, :-1] @ reference.flatten(2) + words[:, :, -1:]
    return logits.view(*logits.shape[:2], *reference.shape[2:])


def peak(logits: Tensor) -> Tensor:
    """The largest mean of 3x3 cells, batch x 1: one bright cell is noise, nine are a thing."""
    return F.avg_pool2d(logits[:, None], 3, 1).flatten(1).amax(1, keepdim=True)


def at(logits: Tensor, cell: Tensor, around: bool = False) -> Tensor:
    """Value [1] of a batch of one at cell (u, v); with `around`, the largest of the 5x5 cells round it."""
    if around:
        logits = F.max_pool2d(logits[:, None], 5, 1, 2)[:, 0]
    return logits[0].flatten().gather(0, (cell[:1] * logits.shape[2] + cell[1:]))


def brightness(logits: Tensor) -> Tensor:
    return (logits - logits.amax()).exp()
