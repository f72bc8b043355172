"""A user's program that calls every public function and method. It is never run: `.ci/checker.py` hands it to mypy --strict,
and sees that nothing is missing here. Where a result matters, `assert_type` says what a checker must know of it."""
import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, assert_type

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from colorgan.app.table import LightTable, Reference, Slide, Wishes, css_color, encode_picture, shade_doubt, small_copy
from colorgan.app.widgets import ColorizeApp, PlainStage, Stage, uploads
from colorgan.coloring.album import colorize_set, describe_picture
from colorgan.coloring.guidance import Guidance, Mask, as_guidance, fill_mask, guide_ab, read_references
from colorgan.coloring.batch import (
    AnyJob, Job, color_in_threads, colorize_many, colorize_planned, done_before, find_sources, named_format, plan_batch,
)
from colorgan.coloring.cluster import BatchOptions, colorize_rows, failed_row, fingerprint, load_colorizer, stream_rows
from colorgan.coloring.dataset import DatasetOptions, DatasetState, colorize_dataset, dataset_rows, remove_unfinished, report_place
from colorgan.coloring.engines import Chunk, LocalPool, Pool, Scheduler, answered, chunked, close_pools, run_chunks, serve_rows
from colorgan.coloring.files import Report, check_target, color_record
from colorgan.coloring.hints import (
    Hint, check_hints, color_ab, hint_shares, load_hints, load_palette, name_impossible, possible_colors, reach, save_hints, spread_hints,
    with_palette,
)
from colorgan.coloring.lightness import lightness, view_size
from colorgan.coloring.paint import merge_lab
from colorgan.coloring.predict import Dial, Prediction, Predictor
from colorgan.coloring.reference import (
    CellColors, cell_colors, first_picture, follow_reference, join_cells, match_cells, picture_lab, read_reference,
)
from colorgan.coloring.together import agree_colors, nearest_pictures, others_of
from colorgan.coloring.places import (
    Entry, NamedBytes, is_manifest, join_place, list_places, local_path, place_exists, read_manifest, read_place, row_key, safe_name,
    target_name, write_place,
)
from colorgan.coloring.remote import DaskPool, RayPool, local_pool, make_pool
from colorgan.coloring.report import JobReport, JobSummary, draw_sheet, sample_rows, sum_up
from colorgan.coloring.upsample import Upsampler, upsample_ab
from colorgan.coloring.variants import ColorRegion, coarse_ab, doubt_map, find_regions, other_colors, pooled, vary_colors
from colorgan.core.compute import choose_device, choose_dtype, cores, fork_safe, shared_pool, thread_pool
from colorgan.core.files import check_writable, remove_leftovers, write_whole
from colorgan.core.listing import Listing, count_reasons, describe_reasons, find_copies, list_files, list_pictures, why_ignored
from colorgan.core.progress import Progress, in_terminal, print_line, track as track_progress
from colorgan.core.show import cut, sample_photos
from colorgan.data import (
    PhotoSet, ShuffledSampler, choose_photos, coco_sample, color_spread, find_photos, has_color, open_rgb, photo_fault,
    rgb_loaders,
)
from colorgan.discriminator import PatchDiscriminator
from colorgan.gan import ColorGAN, GANTrainer, adam, frozen, gan_loss
from colorgan.inference import Colorizer, FrameColorizer
from colorgan.lab import (
    denormalize_lab, fit_gamut, in_gamut, lab_to_linear, lab_to_rgb, lab_transform, linear_to_srgb, normalize_lab,
    rgb_to_L, rgb_to_lab, show_lab, srgb_to_linear, to_pictures,
)
from colorgan.metrics.distance import Features, frechet_distance, kernel_distance, load_features, load_lpips
from colorgan.metrics.evaluate import (
    ConstantColor, Evaluation, Protocol, evaluate, gray_of, mean_interval, protocol_photos, saturation_curve,
    truth_of,
)
from colorgan.metrics.guesses import best_of, calibration_error, reference_gain, reliability, second_view
from colorgan.metrics.picture import (
    PictureMetric, as_lab, bleeding, cast, chroma_error, ciede2000, colorfulness, colorfulness_abs, hue_failures,
    near_gray, picture_figures, picture_metrics, psnr, ssim,
)
from colorgan.models.color_head import ColorHead, color_nodes, color_shares
from colorgan.models.encoders import (
    InvertedBlock, LiteEncoder, LiteUNet, STAGES, SameConv, lightness_bounds, lite_weights, stretch_lightness, stretch_norm,
)
from colorgan.models.light import (
    GuidedUNet, LightUNet, ResBlock, add_decoder, conv_norm, down_and_up, finish_ab, guided_upsample, run_levels,
)
from colorgan.models.pretrained import DynamicUNet, load_or_explain, read_encoder_weights
from colorgan.models.squeeze import Fire, SqueezeUNet, squeezenet_weights
from colorgan.models.onnx import OnnxGenerator, export_onnx
from colorgan.models.weights import (
    average_weights, create_generator, default_weights, extend_card, load_generator, read_card, save_generator, save_tensors,
)
from colorgan.pictures.convert import to_picture
from colorgan.pictures.kinds import file_kind
from colorgan.pictures.raster import Canvas, Picture
from colorgan.pictures.read import PictureFile, describe, record_of
from colorgan.pictures.source import Readable
from colorgan.pictures.write import ending, format_of, output_format, write_picture
from colorgan.training.augment import damage_transform, damaged
from colorgan.training.batches import folder_weights, recipe_loaders
from colorgan.training.cache import PhotoCache
from colorgan.training.checkpoint import Checkpoints, checkpoint_files
from colorgan.training.color_head import color_head_loss, train_color_head
from colorgan.training.color_learner import Average, ColorLearner, LossPart, Precision
from colorgan.training.crops import Crop, Flip, Shrink
from colorgan.training.learner import RecipeLearner, recipe_learner
from colorgan.training.loaders import cached_loaders
from colorgan.training.log import (
    Clock, DrawSamples, Guard, KeepBest, RunLog, draw_colors, plot_log, read_log, save_figure, write_csv,
)
from colorgan.training.losses import ColorRebalance, FeatureLoss, PixelLoss
from colorgan.training.processes import ProcessGroup, join_processes, share_photos
from colorgan.training.recipes import Phase, RECIPES, Recipe, find_recipe, plan
from colorgan.training.run import TrainOptions, final_figures, run_learner, train
from colorgan.training.split import read_split, write_split
from colorgan.unet import UNet, UNetLevel, init_weights, padded
from colorgan.video.color import rgb_to_yuv, yuv_to_rgb
from colorgan.video.container import Film, probe_film
from colorgan.video.film import FilmOptions, colorize_video, film_record
from colorgan.video.flicker import color_consistency, colorize_frames, warping_error
from colorgan.video.motion import estimate_flow, is_cut

Pixels = np.ndarray[Any, Any]


def colors(folder: Path, picture: Image.Image, pixels: Pixels, upload: Readable) -> None:
    colorizer = Colorizer(size=256, saturation=1.2, device='cpu', batch=1)
    assert_type(Colorizer.from_file('weights.safetensors', size=256), Colorizer)
    hints = [Hint(1, 2, 30., 40.), (3, 4, 50., -60.), (5, 6, 'navy')]
    assert_type(colorizer.colorize('grandmother.jpg'), Image.Image)
    assert_type(colorizer.colorize(folder/'grandmother.jpg', hints=hints), Image.Image)
    for source in (picture, pixels, b'bytes of a file', io.BytesIO(), upload): assert_type(colorizer.colorize(source), Image.Image)
    print(colorizer.colorize_array(pixels, hints).shape)
    report = colorizer.colorize_file('a.jpg', folder/'b.jpg', quality=90, keep_color=True, hints=hints)
    assert_type(report, Report)
    assert_type(report.dst, str | None)
    assert_type(report.notes, list[str])
    assert_type(colorizer.view(480, 640), tuple[int, int])
    assert_type(colorizer.predict_ab(torch.rand(1, 1, 256, 256)), Tensor)
    assert_type(colorizer.digest, str)
    assert_type(colorizer.size, int)
    assert_type(colorizer.saturation, float)
    colorizer.size, colorizer.saturation = 320, .8
    print(colorizer, colorizer.device, colorizer.card)


def wishes(colorizer: Colorizer, picture: Image.Image, folder: Path) -> None:
    assert_type(colorizer.colorize(picture, variants=5), list[Image.Image])
    assert_type(colorizer.colorize(picture, reference=folder/'uniform.jpg'), Image.Image)
    assert_type(colorizer.colorize(picture, [(1, 2, 'navy')], [picture, 'b.jpg'], variants=3, seed=1), list[Image.Image])
    guidance = Guidance([(1, 2, 'navy')], [Mask('coat.png', '#7a2e2e', .8)], ['b.jpg'], strength=.5, variant=2)
    assert_type(colorizer.colorize(picture, guidance), Image.Image)
    print(colorizer.doubt(picture).shape, guidance.record(), guidance.asks_network, guidance.masks[0].ab)
    assert_type(done_before(Job(folder, folder, 'PNG', 1), True, False), Report | None)
    for report in colorize_set(colorizer, folder, folder/'out', anchors=['b.jpg'], hints={folder/'a.jpg': [(1, 2, 'navy')]}): assert_type(report, Report)
    cells = describe_picture(colorizer, picture)
    assert_type(join_cells([cells, read_reference(colorizer, picture)]), CellColors)
    small = lightness(first_picture(picture), (256, 256))
    prediction = colorizer.predict_colors(small)
    assert_type(prediction, Prediction)
    assert_type(doubt_map(prediction), Tensor)
    assert_type(find_regions(prediction), list[ColorRegion])
    print(other_colors(find_regions(prediction)[0], torch.zeros(2), 3), coarse_ab(prediction), pooled(small, prediction.ab))
    assert_type(vary_colors(prediction, small, 5), list[Tensor])
    assert_type(follow_reference(prediction, small, cells), tuple[Tensor, Tensor])
    assert_type(match_cells(cells.features, cells), tuple[Tensor, Tensor])
    assert_type(agree_colors(prediction, small, cell_colors(prediction)), Tensor)
    print(nearest_pictures([cells]), others_of(0, [cells], [[]]), picture_lab(first_picture(picture), (256, 256)))
    guidance = read_references(colorizer, as_guidance(guidance))
    ab = guide_ab(colorizer, None, small, first_picture(picture), guidance)
    assert_type(fill_mask(ab, guidance.masks[0], first_picture(picture)), Tensor)
    assert_type(hint_shares(small, [Hint(1, 2, 3., 4.)], first_picture(picture)), Tensor)
    assert_type(calibration_error(reliability(colorizer, [picture])), float)
    print(best_of(colorizer, [picture]), reference_gain(colorizer, [picture]), second_view(picture, np.random.default_rng(0)).size)


def heads(net: LiteUNet, L_norm: Tensor, ab: Tensor) -> None:
    assert_type(ColorHead((4, 3))([L_norm, L_norm]), Any)
    assert_type(color_shares(ab), Tensor)
    down, up = run_levels(net, L_norm)
    print(color_nodes().shape, net.predict_colors(L_norm), finish_ab(net, up[-1], L_norm), down)
    assert_type(color_head_loss(net, L_norm, ab), Tensor)
    assert_type(train_color_head(net, recipe_loaders(RECIPES['lite'], PhotoSet([], [], []), 'cache'), 640), list[float])


def steps(colorizer: Colorizer, picture: Image.Image, pixels: Pixels, folder: Path) -> None:
    L = lightness(picture)
    assert_type(L, Tensor)
    assert_type(view_size(480, 640, 256), tuple[int, int])
    ab = upsample_ab(colorizer.predict_ab(L), L)
    assert_type(merge_lab(L, ab), Tensor)
    Upsampler(ab, L, 480, 640)
    checked = check_hints([(1, 2, 3, 4)], 640, 480)
    assert_type(checked, list[Hint])
    assert_type(reach(L, [(1, 2)]), Tensor)
    assert_type(spread_hints(ab, L, checked, to_picture(picture)[0]), Tensor)
    print(possible_colors(50.)[1])
    assert_type(name_impossible(checked, to_picture(picture)[0]), list[str])
    palette = load_palette(folder/'palette.json')
    assert_type(color_ab('coat', palette), tuple[float, float])
    print(check_hints(with_palette([(1, 2, 'coat')], palette), 9, 9))
    save_hints(checked, folder/'hints.json')
    assert_type(load_hints(folder/'hints.json'), list[Hint])
    assert_type(has_color(picture), bool)
    check_target('a.jpg', folder/'b.jpg')
    predictor = Predictor.from_file('weights.safetensors', size=256)
    assert_type(predictor, Predictor)
    assert_type(predictor.predict_ab(L), Tensor)


class Projector:
    "Something with a dial of its own."
    brightness = Dial(float, 0, 1)


def dials(projector: Projector) -> None:
    projector.brightness = .5
    assert_type(projector.brightness, float)


def many(colorizer: Colorizer, folder: Path) -> None:
    for report in colorize_many(colorizer, ['scans', folder/'more'], 'colored', skip_done=True, quality=90):
        print(report.src, report.dst, report.outcome, report.reason, report.seconds)
    find_sources(folder, 'colored')
    jobs, bad = plan_batch([folder], 'colored', format='JPEG')
    assert_type(jobs, list[Job])
    assert_type(bad, list[Report])
    for report in colorize_planned(colorizer, jobs, overwrite=True, jobs=4, quality=90): assert_type(report, Report)
    assert_type(named_format('.tif'), str)


def film(colorizer: Colorizer, frames: list[Pixels]) -> None:
    found = probe_film('attic.mkv')
    assert_type(found, Film)
    assert_type(found.streams, dict[int, str])
    assert_type(float(found.rate), float)
    report = colorize_video('attic.mkv', 'color.mkv', colorizer, codec='h265', progress=lambda done, total: print(done/total))
    assert_type(report, Report)
    options = FilmOptions(lossless=True)
    options.check()
    colorize_video('attic.mkv', 'color.mkv', colorizer, options, resume=True)
    base: FrameColorizer = colorizer
    for canvas in base.color_frames([to_picture(frame)[0] for frame in frames]): print(canvas.picture())
    print(list(base.map(str, [1, 2])))
    for frame in colorize_frames(frames, colorizer, every=2): print(frame.shape)
    flow, sure = estimate_flow(frames[0], frames[1])
    assert_type(is_cut(frames[0], frames[1], flow, sure), bool)
    assert_type(warping_error(frames, [(flow, sure)]), float)
    assert_type(color_consistency(frames), float)
    assert_type(film_record('color.mkv'), dict[str, Any] | None)
    assert_type(rgb_to_yuv(yuv_to_rgb(torch.rand(1, 3, 4, 4))), Tensor)


def files(path: Path, pixels: Pixels) -> None:
    file = PictureFile(path)
    print(file.animated, output_format(file), ending('JPEG'), format_of(path))
    assert_type(file_kind(path), str)
    picture, notes = to_picture(pixels)
    assert_type(picture, Picture)
    assert_type(notes, list[str])
    print(picture.width, picture.height, picture.dtype, picture.gray, picture.tile((0, 0, 8, 8)).shape)
    assert_type(picture.small((8, 8)), Image.Image)
    canvas = Canvas(picture)
    canvas.paint((0, 0, 8, 8), pixels)
    canvas.picture()
    assert_type(write_picture('b.png', file, [canvas]), list[str])
    assert_type(record_of('b.png'), dict[str, Any] | None)
    assert_type(describe('b.png'), dict[str, Any])


def photographs(folder: Path, picture: Image.Image, upload: IO[bytes]) -> PhotoSet:
    assert_type(sample_photos(), dict[str, Image.Image])
    assert_type(cut(picture), tuple[Image.Image, Image.Image])
    for source in ('a.jpg', folder, upload): open_rgb(source)
    assert_type(open_rgb('a.jpg'), Image.Image)
    assert_type(color_spread(picture), float)
    assert_type(photo_fault('a.jpg'), str | None)
    listing = list_pictures(folder)
    assert_type(listing, Listing)
    print(count_reasons(listing.passed_over.values()), describe_reasons(listing.passed_over.values()), find_copies(listing.files))
    print(list_files(folder).passed_over, listing.kinds(), listing.summary())
    assert_type(find_photos(folder), list[Path])
    with write_whole(folder/'out.txt') as tmp: assert_type(tmp, Path)
    remove_leftovers([folder/'out.txt'])
    check_writable(folder)
    photos = choose_photos('photos', n_train=8000, n_test=2000)
    assert_type(photos.train, list[Path])
    rgb_loaders(photos.train, photos.valid, size=128)
    print(ShuffledSampler(10).round(), coco_sample())
    return photos


def training(photos: PhotoSet, folder: Path) -> None:
    recipe = RECIPES['fast']
    print(recipe.phases[0].rate(.5), plan(recipe, 8000, epochs=10))
    learner = train(photos, out='run', recipe=recipe, epochs=10, metrics=picture_metrics(), cbs=[Clock(60.)])
    assert_type(learner, RecipeLearner)
    learner.save('checkpoint.pt')
    learner.load('checkpoint.pt')
    assert_type(learner.export('weights.safetensors'), Path)
    learner.lr_find()
    learner.resume(folder)
    learner.fit_phases(plan(recipe, 8000))
    learner.all_batches()
    final_figures(learner, photos.test)
    dls = recipe_loaders(recipe, photos, cache=folder, quiet=True)
    recipe_learner(recipe, dls)
    run_learner(recipe, photos, folder)
    assert_type(folder_weights(photos.train, .5), list[float])
    print(read_log(folder), checkpoint_files(folder))
    save_figure(plot_log(folder), folder/'log.png')
    save_figure(draw_colors({'film': [Image.new('RGB', (8, 8))]}), 'row.png')
    write_csv(folder/'a.csv', ['a', 'b'], [[1, 2]])
    write_split(folder/'photos.csv', folder, photos)
    assert_type(read_split(folder/'photos.csv'), PhotoSet)
    callbacks = DrawSamples(folder), RunLog(folder), KeepBest('psnr'), Guard(), Checkpoints(folder)
    callbacks[-2].look()
    print(callbacks[-1].write(0), Clock(1.).due())
    own = Recipe('own', phases=(Phase(10, lr=1e-4),))
    train(photos, 'run', own, options=TrainOptions(quiet=True))
    assert_type(find_recipe('fast'), Recipe)
    with join_processes() as group:
        assert_type(group, ProcessGroup)
        share_photos(group, lambda: photos)
        train(photos, 'run', epochs=1, options=TrainOptions(process_group=group))
        print(group.first, group.gather(1), group.agree(1))


class OwnUNet(GuidedUNet):
    "A generator made of the library's parts."
    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList([conv_norm(1, 8, 4, 2), conv_norm(8, 8, stride=2), conv_norm(8, 8, stride=2)])
        add_decoder(self, (8,), (8, 8), n_out=2, n_fine=4)

    def forward(self, L_norm: Tensor) -> Tensor:
        return down_and_up(self, L_norm)


def eyes(L: Tensor, path: Path) -> None:
    parts: list[nn.Module] = [OwnUNet(), SameConv(1, 8, 3, 2), InvertedBlock(8, 8, 6, kernel=3, stride=1)]
    print(parts, STAGES, LiteEncoder(path).levels)
    assert_type(LiteUNet(pretrained=False).encoder, nn.ModuleList)
    assert_type(lite_weights(path), dict[str, Tensor])
    bounds = lightness_bounds(L, share=.02)
    assert_type(bounds, tuple[Tensor, Tensor])
    assert_type(stretch_lightness(L, max_gain=2., bounds=bounds), Tensor)

    def read() -> dict[str, Tensor]: return read_encoder_weights(path, 'my own encoder', ['first.weight'])
    assert_type(load_or_explain('my own encoder', read, 'https://example.com/encoder', path), dict[str, Tensor])


def networks(L: Tensor, ab: Tensor, dls: Any, folder: Path) -> None:
    squeeze = SqueezeUNet().rescaled_for_half()
    assert_type(squeeze, SqueezeUNet)
    assert_type(squeeze.encoder, nn.ModuleList)
    nets: list[nn.Module] = [UNet(), DynamicUNet(), LightUNet(), squeeze, PatchDiscriminator()]
    for net in nets: init_weights(net)
    print(Fire(8, 2, 4), ResBlock(8), UNetLevel(2, 4), guided_upsample(ab, ab, L))
    assert_type(padded(UNet(), L, 32), Tensor)
    save_generator(folder/'a.safetensors', create_generator('unet', n_filters=4), 'unet', {'n_filters': 4}, note='mine')
    save_tensors(folder/'b.safetensors', squeezenet_weights(), {'about': 'mine'})
    extend_card(folder/'a.safetensors', folder/'c.safetensors', note='ours')
    average_weights({folder/'a.safetensors': 1, folder/'c.safetensors': 1.5}, folder/'mean.safetensors', name='ours')
    export_onnx(folder/'a.onnx', folder/'a.safetensors')
    print(OnnxGenerator(folder/'a.onnx', 'CPU').device_name, stretch_norm(L))
    print(read_card(default_weights()), load_generator(folder/'a.safetensors'))
    print(choose_dtype('auto', choose_device()), gan_loss(ab, True), adam)
    pair = ColorGAN(UNet(), PatchDiscriminator())
    print(pair.judge(L, ab), pair.in_use)
    with frozen(pair): pass
    learner = ColorLearner(dls, UNet(), PatchDiscriminator(), cbs=[GANTrainer(), Precision(), Average()])
    print(learner.save('a.pt'), learner.load('a.pt'), learner.export('a.safetensors'), learner.lr_find())
    LossPart(GANTrainer(), 'l1')
    PixelLoss(rebalance=ColorRebalance(ab), features=FeatureLoss())
    damage_transform()
    assert_type(damaged(L, ab), tuple[Tensor, Tensor])


def caches(folder: Path, photos: PhotoSet) -> None:
    kept = PhotoCache.build(photos.train, folder/'cache', size=128)
    assert_type(kept, PhotoCache)
    assert_type(PhotoCache.open(folder/'cache').verify(), list[int])
    cached_loaders(kept.to('cpu'), kept, train_tfms=[Flip(), Shrink(64), Crop(64)])


def measures(colorizer: Colorizer, folder: Path, a: Pixels, b: Pixels) -> None:
    for figure in (psnr, ssim, ciede2000, chroma_error, cast, hue_failures, bleeding):
        assert_type(figure(a, b), float)
    print(as_lab(a).shape, psnr(a, b), ssim(a, b), ciede2000(a, b), chroma_error(a, b), cast(a, b))
    print(hue_failures(a, b), bleeding(a, b), colorfulness(a), colorfulness_abs(a), near_gray(a))
    assert_type(picture_figures(a, b), dict[str, float])
    print(frechet_distance(a, b), kernel_distance(a, b), load_features('inception.pt'), load_lpips())
    result = evaluate({'ours': colorizer, 'gray': ConstantColor()}, folder, sheet='sheet.png')
    assert_type(result, Evaluation)
    assert_type(result.table(), str)
    assert_type(result.to_json(), dict[str, Any])
    assert_type(ConstantColor().colorize(gray_of(a)), Image.Image)
    print(Protocol('as-is'), Features('FID', 'KID', 'mine', lambda pixels: pixels))
    print(protocol_photos(folder), truth_of('a.jpg').shape, mean_interval(a))
    assert_type(saturation_curve(colorizer, folder), dict[str, list[float]])
    metric = PictureMetric(psnr)
    metric.reset()
    print(metric.name, metric.value)


def light(rgb: Tensor, L_norm: Tensor, ab_norm: Tensor) -> Pixels:
    lab_ = rgb_to_lab(linear_to_srgb(srgb_to_linear(rgb)))
    assert_type(lab_, Tensor)
    assert_type(normalize_lab(lab_), tuple[Tensor, Tensor])
    for pixels in (rgb_to_L(rgb), lab_to_linear(lab_), lab_to_rgb(lab_), in_gamut(lab_), fit_gamut(lab_), show_lab(lab_)):
        assert_type(pixels, Tensor)
    lab_transform()
    assert_type(denormalize_lab(L_norm, ab_norm), Tensor)
    return to_pictures(L_norm, ab_norm)


def notebook(colorizer: Colorizer, picture: Picture, told: dict[str, Any]) -> ColorizeApp:
    app = ColorizeApp(colorizer, plain=True)
    table = LightTable(colorizer)
    slide = table.add('coffee.jpg', b'bytes of a file')
    assert_type(slide, Slide)
    table.set_hints(slide, [(1, 2, 3., 4.)])
    table.hint(slide, 1, 2, 3., 4.)
    table.hint(slide, 1, 2, 'navy')
    table.stroke(slide, [(1, 2), (3, 4)], '#1f3a93')
    table.unhint(slide, (1, 2), (3, 4))
    table.add_reference(slide, 'cup.jpg', b'bytes of a file')
    assert_type(slide.wishes, Wishes)
    assert_type(slide.wishes.references, tuple[Reference, ...])
    table.remove_reference(slide, 0)
    assert_type(table.answers(slide), list[bytes])
    table.choose(slide, 2)
    assert_type(table.worth_most(slide), tuple[int, int] | None)
    assert_type(shade_doubt(table.preview(slide), table.doubt(slide)), Image.Image)
    table.undo(slide)
    print(slide.at(1, 2), table.dials, table.preview(slide).size, table.thumbnail(slide), table.choices(slide, 1, 2), table.zipped())
    assert_type(table.develop(slide), Path)
    assert_type(small_copy(picture), Image.Image)
    assert_type(encode_picture(slide.small), bytes)
    assert_type(css_color((1, 2, 3)), str)
    assert_type(uploads(told), list[tuple[str, bytes]])
    for stage in (Stage(), PlainStage()):
        stage.on_message(lambda message, buffers: None)
        stage.save('coffee.jpg', b'bytes of a file')
    return app


def helpers(items: list[int]) -> Iterator[int]:
    print(cores(), in_terminal())
    assert_type(fork_safe(len, items), int)
    with thread_pool(2) as pool: pool.submit(len, items)
    shared_pool(2).submit(len, items)
    print_line('done')
    Progress(8, 'photos').update()
    yield from track_progress(items, 'photos')


def places(folder: Path) -> Iterator[Entry]:
    write_place(join_place('s3://box', safe_name('a/b.png')), read_place(folder/'b.png'))
    assert_type(local_path('s3://box'), Path | None)
    print(place_exists('s3://box/b.png'), target_name('scan.bmp', 'PNG'), why_ignored('.hidden'), NamedBytes(b'', 'a.png').name)
    yield from read_manifest('scans.csv') if is_manifest('scans.csv') else list_places('s3://box', ['s3://box/out'])


def archive(colorizer: Colorizer, jobs: list[AnyJob]) -> DatasetState:
    options, run = BatchOptions(quality=90), DatasetOptions(workers=4, max_failures='1%', limit=100)
    row = dict(src='a.png', dst='out/a.png')
    assert_type(colorize_rows([row]), list[dict[str, Any]])
    print(next(stream_rows([row])), failed_row(row, 'torn'), fingerprint(options), load_colorizer(options), color_record(colorizer), row_key([row]))
    for job in jobs: print(job.src, job.pixels, job.color(colorizer, {}))
    print(next(color_in_threads(jobs, colorizer, {}, 4, 2)), list(answered([row], False, 1)), serve_rows)
    print(list(dataset_rows('scans', 'out', options, run)), report_place('out', run), remove_unfinished('out'))
    state = colorize_dataset('scans', 'out', 'ray', options, run)
    print(state.line(), state.outcomes)
    return state


def pools() -> Iterator[Chunk]:
    for pool in (make_pool('ray'), RayPool(2, 'auto', .25), DaskPool(2), LocalPool(2), local_pool(2)):
        scheduler = Scheduler(pool, timeout=60)
        yield from run_chunks(scheduler, chunked([(dict(src='a.png', dst='out/a.png'), 0)]))
        pool.give(0, [], True)
        pool.wait(1)
        pool.kill(0)
        pool.close()
    any_pool: Pool = LocalPool(1)
    print(any_pool.slots)
    close_pools()


def reports() -> JobSummary:
    report = JobReport('out-report')
    report.begin(dict(fingerprint='', src='scans', dst='out'))
    report.add([])
    print(report.settings(), draw_sheet(sample_rows(report.rows())).size)
    summary = sum_up(report.rows())
    assert_type(summary, JobSummary)
    return summary
