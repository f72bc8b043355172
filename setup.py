"The package, as `settings.ini` describes it."
import shlex
from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup

root = Path(__file__).parent
config = ConfigParser(delimiters=['='])
config.read(root/'settings.ini', encoding='utf-8')
cfg = config['DEFAULT']
lib, site = cfg['lib_name'], cfg['doc_host'] + cfg['doc_baseurl']
extras = {name: shlex.split(cfg[f'{name}_requirements']) for name in ('video', 'widgets', 'heif', 'metrics', 'onnx', 'app', 'cluster')}
first,last = (int(cfg[f'{end}_python'].split('.')[1]) for end in ('min', 'max'))
pythons = [f'3.{minor}' for minor in range(first, last + 1)]

setup(
    name=lib,
    version=cfg['version'],
    description=cfg['description'],
    long_description=(root/'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    author=cfg['author'],
    url=cfg['git_url'],
    project_urls={'Documentation': site, 'Questions': f'{site}/faq.html'},
    keywords=cfg['keywords'],
    license_expression='Apache-2.0',
    license_files=['LICENSE'],
    classifiers=[
        'Development Status :: 3 - Alpha',
        'Intended Audience :: Developers',
        'Topic :: Scientific/Engineering :: Image Processing',
        'Typing :: Typed',
        *[f'Programming Language :: Python :: {v}' for v in pythons],
    ],
    python_requires='>=' + cfg['min_python'],
    packages=find_packages(include=[lib, f'{lib}.*']),
    package_data={lib: shlex.split(cfg['package_data'])},
    install_requires=shlex.split(cfg['requirements']),
    extras_require=extras | {'dev': shlex.split(cfg['dev_requirements']) + extras['video'] + extras['widgets'] + extras['heif'] + extras['onnx'] + extras['app'] + extras['cluster']},
    entry_points={
        'console_scripts': shlex.split(cfg['console_scripts']),
        'nbdev': [f'{lib}={lib}._modidx:d'],
    },
    zip_safe=False,
)
