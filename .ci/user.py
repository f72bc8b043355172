"""A user's program that calls every public function and method. It is never run: `.ci/types.py` hands it to mypy --strict,
and sees that nothing is missing here. Where a result matters, `assert_type` says what a checker must know of it."""
import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, assert_type

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from colorgan import batch, cache, compute, damage, data, discriminator, encoders, gan, inference, lab, losses, metrics, parallel, pictures
from colorgan import progress, recipes, unet, video, widgets

Pixels = np.ndarray[Any, Any]


def colors(folder: Path, picture: Image.Image, pixels: Pixels, upload: pictures.Readable) -> None:
    colorizer = inference.Colorizer(size=256, saturation=1.2, device='cpu', batch=1)
    assert_type(inference.Colorizer.from_file('weights.safetensors', size=256), inference.Colorizer)
    hints = [inference.Hint(1, 2, 30., 40.), (3, 4, 50., -60.)]
    assert_type(colorizer.colorize('grandmother.jpg'), Image.Image)
    assert_type(colorizer.colorize(folder/'grandmother.jpg', hints=hints), Image.Image)
    for source in (picture, pixels, b'bytes of a file', io.BytesIO(), upload): assert_type(colorizer.colorize(source), Image.Image)
    print(colorizer.colorize_array(pixels, hints).shape)
    report = colorizer.colorize_file('a.jpg', folder/'b.jpg', quality=90, keep_color=True, hints=hints)
    assert_type(report, inference.Report)
    assert_type(report.dst, str | None)
    assert_type(report.notes, list[str])
    assert_type(colorizer.view(480, 640), tuple[int, int])
    assert_type(colorizer.predict_ab(torch.rand(1, 1, 256, 256)), Tensor)
    assert_type(colorizer.digest, str)
    assert_type(colorizer.size, int)
    assert_type(colorizer.saturation, float)
    colorizer.size, colorizer.saturation = 320, .8
    print(colorizer, colorizer.device, colorizer.card)


def steps(colorizer: inference.Colorizer, picture: Image.Image, pixels: Pixels, folder: Path) -> None:
    L = inference.lightness(picture)
    assert_type(L, Tensor)
    assert_type(inference.view_size(480, 640, 256), tuple[int, int])
    ab = inference.upsample_ab(colorizer.predict_ab(L), L)
    assert_type(inference.join(L, ab), Tensor)
    inference.Upsampler(ab, L, 480, 640)
    checked = inference.check_hints([(1, 2, 3, 4)], 640, 480)
    assert_type(checked, list[inference.Hint])
    assert_type(inference.reach(L, [(1, 2)]), Tensor)
    assert_type(inference.spread_hints(ab, L, checked, pictures.to_picture(picture)[0]), Tensor)
    print(inference.possible_colors(50.)[1])
    inference.save_hints(checked, folder/'hints.json')
    assert_type(inference.load_hints(folder/'hints.json'), list[inference.Hint])
    assert_type(inference.has_color(picture), bool)
    inference.check_target('a.jpg', folder/'b.jpg')
    predictor = inference.Predictor.from_file('weights.safetensors', size=256)
    assert_type(predictor, inference.Predictor)
    assert_type(predictor.predict_ab(L), Tensor)


class Projector:
    "Something with a dial of its own."
    brightness = inference.Dial(float, 0, 1)


def dials(projector: Projector) -> None:
    projector.brightness = .5
    assert_type(projector.brightness, float)


def many(colorizer: inference.Colorizer, folder: Path) -> None:
    for report in batch.colorize_many(colorizer, ['scans', folder/'more'], 'colored', skip_done=True, quality=90):
        print(report.src, report.dst, report.outcome, report.reason, report.seconds)
    batch.find_sources(folder, 'colored')
    jobs, bad = batch.plan_batch([folder], 'colored', format='JPEG')
    assert_type(jobs, list[batch.Job])
    assert_type(bad, list[inference.Report])
    for report in batch.colorize_planned(colorizer, jobs, overwrite=True, jobs=4, quality=90): assert_type(report, inference.Report)
    assert_type(batch.named_format('.tif'), str)


def film(colorizer: inference.Colorizer, frames: list[Pixels]) -> None:
    found = video.probe_film('attic.mkv')
    assert_type(found, video.Film)
    assert_type(found.streams, dict[int, str])
    assert_type(float(found.rate), float)
    report = video.colorize_video('attic.mkv', 'color.mkv', colorizer, codec='h265', progress=lambda done, total: print(done/total))
    assert_type(report, inference.Report)
    for frame in video.colorize_frames(frames, colorizer, every=2): print(frame.shape)
    flow, sure = video.track(frames[0], frames[1])
    assert_type(video.is_cut(frames[0], frames[1], flow, sure), bool)
    assert_type(video.warping_error(frames, [(flow, sure)]), float)
    assert_type(video.color_consistency(frames), float)
    assert_type(video.film_record('color.mkv'), dict[str, Any] | None)
    assert_type(video.rgb_to_yuv(video.yuv_to_rgb(torch.rand(1, 3, 4, 4))), Tensor)


def files(path: Path, pixels: Pixels) -> None:
    file = pictures.PictureFile(path)
    print(file.animated, pictures.output_format(file), pictures.ending('JPEG'), pictures.format_of(path))
    assert_type(pictures.file_kind(path), str)
    picture, notes = pictures.to_picture(pixels)
    assert_type(picture, pictures.Picture)
    assert_type(notes, list[str])
    print(picture.width, picture.height, picture.dtype, picture.gray, picture.tile((0, 0, 8, 8)).shape)
    assert_type(picture.small((8, 8)), Image.Image)
    canvas = pictures.Canvas(picture)
    canvas.paint((0, 0, 8, 8), pixels)
    canvas.picture()
    assert_type(pictures.write_picture('b.png', file, [canvas]), list[str])
    assert_type(pictures.record_of('b.png'), dict[str, Any] | None)
    assert_type(pictures.describe('b.png'), dict[str, Any])


def photographs(folder: Path, picture: Image.Image, upload: IO[bytes]) -> data.PhotoSet:
    assert_type(data.carried_photos(), dict[str, Image.Image])
    assert_type(data.cut(picture), tuple[Image.Image, Image.Image])
    for source in ('a.jpg', folder, upload): data.open_picture(source)
    assert_type(data.open_rgb('a.jpg'), Image.Image)
    assert_type(data.channel_spread(picture), float)
    assert_type(data.photo_fault('a.jpg'), str | None)
    listing = data.list_pictures(folder)
    assert_type(listing, data.Listing)
    print(data.list_files(folder).passed_over, listing.kinds(), listing.summary())
    assert_type(data.find_photos(folder), list[Path])
    with data.write_whole(folder/'out.txt') as tmp: assert_type(tmp, Path)
    data.remove_leftovers([folder/'out.txt'])
    data.check_writable(folder)
    photos = data.choose_photos('photos', n_train=8000, n_test=2000)
    assert_type(photos.train, list[Path])
    data.rgb_loaders(photos.train, photos.valid, size=128)
    print(data.Walk(10).round(), data.coco_sample())
    return photos


def training(photos: data.PhotoSet, folder: Path) -> None:
    recipe = recipes.RECIPES['fast']
    print(recipe.phases[0].rate(.5), recipes.plan(recipe, 8000, epochs=10))
    learner = recipes.train(photos, out='run', recipe=recipe, epochs=10, metrics=metrics.picture_metrics(), cbs=[recipes.Clock(60.)])
    assert_type(learner, recipes.RecipeLearner)
    learner.save('checkpoint.pt')
    learner.load('checkpoint.pt')
    assert_type(learner.export('weights.safetensors'), Path)
    learner.lr_find()
    learner.resume(folder)
    learner.fit_phases(recipes.plan(recipe, 8000))
    learner.all_batches()
    recipes.final_figures(learner, photos.test)
    dls = recipes.recipe_loaders(recipe, photos, cache=folder, quiet=True)
    recipes.recipe_learner(recipe, dls)
    recipes.run_learner(recipe, photos, folder)
    assert_type(recipes.folder_weights(photos.train, .5), list[float])
    print(recipes.read_log(folder), recipes.checkpoint_files(folder))
    recipes.save_figure(recipes.plot_log(folder), folder/'log.png')
    recipes.save_figure(recipes.draw_colors({'film': [Image.new('RGB', (8, 8))]}), 'row.png')
    recipes.write_csv(folder/'a.csv', ['a', 'b'], [[1, 2]])
    callbacks = recipes.DrawSamples(folder), recipes.RunLog(folder), recipes.KeepBest('psnr'), recipes.Guard(), recipes.Checkpoints(folder)
    callbacks[-2].look()
    print(callbacks[-1].write(0), recipes.Clock(1.).due())
    own = recipes.Recipe('own', phases=(recipes.Phase(10, lr=1e-4),))
    recipes.train(photos, 'run', own, quiet=True)
    with parallel.join_team() as team:
        assert_type(team, parallel.Team)
        parallel.share_photos(team, lambda: photos)
        parallel.train_parallel(photos, 'run', team=team, epochs=1)
        print(team.first, team.gather(1), team.share(lambda: 1), parallel.DataParallel(team))


class OwnUNet(nn.Module):
    "A generator made of the library's parts."
    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList([unet.conv_norm(1, 8, 4, 2), unet.conv_norm(8, 8, stride=2), unet.conv_norm(8, 8, stride=2)])
        unet.add_decoder(self, (8,), (8, 8), n_out=2, n_fine=4)

    def forward(self, L_norm: Tensor) -> Tensor:
        return unet.down_and_up(self, L_norm)


def eyes(L: Tensor, path: Path) -> None:
    parts: list[nn.Module] = [OwnUNet(), encoders.SameConv(1, 8, 3, 2), encoders.InvertedBlock(8, 8, 6, kernel=3, stride=1)]
    print(parts, encoders.STAGES, encoders.LiteEncoder(path).levels)
    assert_type(encoders.LiteUNet(pretrained=False).encoder, nn.ModuleList)
    assert_type(encoders.lite_weights(path), dict[str, Tensor])
    bounds = encoders.lightness_bounds(L, share=.02)
    assert_type(bounds, tuple[Tensor, Tensor])
    assert_type(encoders.stretch_lightness(L, max_gain=2., bounds=bounds), Tensor)

    def read() -> dict[str, Tensor]: return unet.read_encoder(path, 'my own encoder', ['first.weight'])
    assert_type(unet.load_or_explain('my own encoder', read, 'https://example.com/encoder', path), dict[str, Tensor])


def networks(L: Tensor, ab: Tensor, dls: Any, folder: Path) -> None:
    squeeze = unet.SqueezeUNet().settled()
    assert_type(squeeze, unet.SqueezeUNet)
    assert_type(squeeze.encoder, nn.ModuleList)
    nets: list[nn.Module] = [unet.UNet(), unet.DynamicUNet(), unet.LightUNet(), squeeze, discriminator.PatchDiscriminator()]
    for net in nets: unet.init_weights(net)
    print(unet.Fire(8, 2, 4), unet.ResBlock(8), unet.UNetLevel(2, 4), unet.along(ab, ab, L))
    assert_type(unet.padded(unet.UNet(), L, 32), Tensor)
    unet.save_generator(folder/'a.safetensors', unet.create_generator('unet', n_filters=4), 'unet', {'n_filters': 4}, note='mine')
    unet.save_tensors(folder/'b.safetensors', unet.squeezenet_weights(), {'about': 'mine'})
    unet.extend_card(folder/'a.safetensors', folder/'c.safetensors', note='ours')
    print(unet.read_card(unet.default_weights()), unet.load_generator(folder/'a.safetensors'))
    print(unet.choose_dtype('auto', unet.choose_device()), gan.gan_loss(ab, True), gan.adam)
    pair = gan.ColorGAN(unet.UNet(), discriminator.PatchDiscriminator())
    print(pair.judge(L, ab), pair.in_use)
    with gan.frozen(pair): pass
    learner = gan.ColorLearner(dls, unet.UNet(), discriminator.PatchDiscriminator(), cbs=[gan.GANTrainer(), gan.Precision(), gan.Average()])
    print(learner.save('a.pt'), learner.load('a.pt'), learner.export('a.safetensors'), learner.lr_find())
    gan.LossPart(gan.GANTrainer(), 'l1')
    losses.PixelLoss(rarity=losses.Rarity(ab), features=losses.FeatureLoss())
    damage.damage_transform()
    assert_type(damage.damaged(L, ab), Tensor)


def caches(folder: Path, photos: data.PhotoSet) -> None:
    kept = cache.PhotoCache.build(photos.train, folder/'cache', size=128)
    assert_type(kept, cache.PhotoCache)
    assert_type(cache.PhotoCache.open(folder/'cache').verify(), list[int])
    cache.cached_loaders(kept.to('cpu'), kept, train_tfms=[cache.Flip(), cache.Shrink(64), cache.Crop(64)])


def measures(colorizer: inference.Colorizer, folder: Path, a: Pixels, b: Pixels) -> None:
    for figure in (metrics.psnr, metrics.ssim, metrics.ciede2000, metrics.chroma_error, metrics.cast, metrics.hue_failures, metrics.bleeding):
        assert_type(figure(a, b), float)
    print(metrics.psnr(a, b), metrics.ssim(a, b), metrics.ciede2000(a, b), metrics.chroma_error(a, b), metrics.cast(a, b))
    print(metrics.hue_failures(a, b), metrics.bleeding(a, b), metrics.colorfulness(a), metrics.colorfulness_abs(a), metrics.near_gray(a))
    assert_type(metrics.picture_figures(a, b), dict[str, float])
    print(metrics.frechet_distance(a, b), metrics.kernel_distance(a, b), metrics.load_features('inception.pt'), metrics.load_lpips())
    result = metrics.evaluate({'ours': colorizer, 'gray': metrics.ConstantColor()}, folder, sheet='sheet.png')
    assert_type(result, metrics.Evaluation)
    assert_type(result.table(), str)
    assert_type(result.to_json(), dict[str, Any])
    assert_type(metrics.ConstantColor().colorize(metrics.gray_of(a)), Image.Image)
    print(metrics.Protocol('as-is'), metrics.Features('FID', 'KID', 'mine', lambda pixels: pixels))
    print(metrics.protocol_photos(folder), metrics.truth_of('a.jpg').shape, metrics.mean_interval(a))
    assert_type(metrics.saturation_curve(colorizer, folder), dict[str, list[float]])
    metric = metrics.PictureMetric(metrics.psnr)
    metric.reset()
    print(metric.name, metric.value)


def light(rgb: Tensor, L_norm: Tensor, ab_norm: Tensor) -> Pixels:
    lab_ = lab.rgb_to_lab(lab.linear_to_srgb(lab.srgb_to_linear(rgb)))
    assert_type(lab_, Tensor)
    assert_type(lab.normalize_lab(lab_), tuple[Tensor, Tensor])
    for pixels in (lab.rgb_to_L(rgb), lab.lab_to_linear(lab_), lab.lab_to_rgb(lab_), lab.in_gamut(lab_), lab.fit_gamut(lab_), lab.show_lab(lab_)):
        assert_type(pixels, Tensor)
    lab.lab_transform()
    assert_type(lab.denormalize_lab(L_norm, ab_norm), Tensor)
    return lab.to_pictures(L_norm, ab_norm)


def notebook(colorizer: inference.Colorizer, picture: pictures.Picture, told: dict[str, Any]) -> widgets.ColorizeApp:
    app = widgets.ColorizeApp(colorizer, plain=True)
    table = widgets.LightTable(colorizer)
    slide = table.add('coffee.jpg', b'bytes of a file')
    assert_type(slide, widgets.Slide)
    table.say(slide, [(1, 2, 3., 4.)])
    table.hint(slide, 1, 2, 3., 4.)
    table.unhint(slide, 1, 2)
    table.undo(slide)
    print(slide.at(1, 2), table.dials, table.look(slide).size, table.stamp(slide), table.choices(slide, 1, 2), table.zipped())
    assert_type(table.develop(slide), Path)
    assert_type(widgets.preview(picture), Image.Image)
    assert_type(widgets.uploads(told), list[tuple[str, bytes]])
    for stage in (widgets.Stage(), widgets.PlainStage()):
        stage.hear(lambda message, buffers: None)
        stage.save('coffee.jpg', b'bytes of a file')
    return app


def helpers(items: list[int]) -> Iterator[int]:
    print(compute.cores(), progress.in_terminal())
    assert_type(compute.fork_safe(len, items), int)
    with compute.thread_pool(2) as pool: pool.submit(len, items)
    compute.shared_pool(2).submit(len, items)
    progress.say('done')
    progress.Progress(8, 'photos').update()
    yield from progress.track(items, 'photos')
