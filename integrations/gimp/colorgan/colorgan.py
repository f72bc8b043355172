#!/usr/bin/env python3
"""Colors > Color with colorgan: a plug-in for GIMP 3. The command `colorgan` does the work, and the colors come as a new layer.
Put the folder of this file into a folder for plug-ins, and let the file be executable. If `colorgan` is not on the path, name it in
the environment variable COLORGAN_COMMAND."""
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory


def command(src, out, saturation=None):
    "The words of the command."
    words = [os.environ.get('COLORGAN_COMMAND') or 'colorgan', 'colorize', str(src), '--out', str(out), '--format', 'png', '--quiet']
    return words if saturation is None else [*words, '--saturation', f'{saturation:g}']


def color(src, out, saturation=None):
    "Color a file into a folder; return the new file. Raises `RuntimeError` with a line for people."
    environment = {k: v for k, v in os.environ.items() if k not in ('PYTHONPATH', 'PYTHONHOME')}  # GIMP's own Python is another
    try: done = subprocess.run(command(src, out, saturation), capture_output=True, text=True, env=environment)
    except OSError as e: raise RuntimeError(f'The command colorgan does not start: {e.strerror}. Install colorgan, or name it in COLORGAN_COMMAND.') from e
    found = sorted(Path(out).glob('*.png'))
    if done.returncode or not found: raise RuntimeError((done.stderr.strip().splitlines() or ['The command colorgan wrote nothing.'])[-1])
    return found[0]


def plug_in():
    "The plug-in's class; only GIMP has what it needs."
    import gi
    gi.require_version('Gimp', '3.0')
    from gi.repository import Gimp, Gio, GLib, GObject

    class Colorgan(Gimp.PlugIn):
        def do_set_i18n(self, name): return False

        def do_query_procedures(self): return ['plug-in-colorgan']

        def do_create_procedure(self, name):
            procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, self.run, None)
            procedure.set_image_types('*')
            procedure.set_sensitivity_mask(Gimp.ProcedureSensitivityMask.DRAWABLE | Gimp.ProcedureSensitivityMask.DRAWABLES)
            procedure.set_menu_label('Color with colorgan')
            procedure.add_menu_path('<Image>/Colors/')
            procedure.set_documentation('Color a black-and-white photograph', 'Adds the colored picture as a new layer. The lightness stays.', name)
            procedure.set_attribution('The colorgan authors', 'The colorgan authors', '2026')
            procedure.add_double_argument('saturation', 'Saturation', 'Of the colors, 0 to 4', 0, 4, 1, GObject.ParamFlags.READWRITE)
            return procedure

        def run(self, procedure, mode, image, drawables, config, data):
            saturation = None if mode == Gimp.RunMode.INTERACTIVE else config.get_property('saturation')
            try:
                with TemporaryDirectory(prefix='colorgan-') as folder: self.add_layer(Path(folder), image, saturation)
            except RuntimeError as e: return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, GLib.Error(str(e)))
            Gimp.displays_flush()
            return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, GLib.Error())

        def add_layer(self, folder, image, saturation):
            "Write what is seen, color it, and put the result on top."
            seen = image.duplicate()
            try: Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, seen, Gio.File.new_for_path(str(folder/'picture.png')), None)
            finally: seen.delete()
            colored = color(folder/'picture.png', folder/'out', saturation)
            image.undo_group_start()
            try:
                if image.get_base_type() != Gimp.ImageBaseType.RGB: image.convert_rgb()
                layer = Gimp.file_load_layer(Gimp.RunMode.NONINTERACTIVE, image, Gio.File.new_for_path(str(colored)))
                layer.set_name('colorgan')
                image.insert_layer(layer, None, 0)
            finally: image.undo_group_end()

    return Gimp, Colorgan


if __name__ == '__main__':
    Gimp, Colorgan = plug_in()
    Gimp.main(Colorgan.__gtype__, sys.argv)
