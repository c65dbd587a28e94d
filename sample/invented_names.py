"""Invented names of people and systems."""

from __future__ import annotations

import numpy as np


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


GIVEN_NAMES = _words(
    """
    Adaeze Aiko Alejandra Amara Anouk Anselm Arvid Ayelet Baraka Beatriz Birgit Bogdan Caoimhe Chidi Dafydd Dalia
    Davor Delphine Dilnoza Ebele Eino Elif Emeka Esperanza Farhad Femke Fiadh Gaspard Gulnara Haruto Hedda Hoang Idris
    Ilse Imani Ingrid Iolanda Jadwiga Jarmila Jiho Joaquim Kaveh Keoni Kerttu Khadija Lale Leilani Lesedi Linh
    Ludovica Malia Manaaki Marisol Mehret Mihai Minjun Nayeli Ngozi Nilufar Noor Oisin Olumide Oyuna Parisa Paulo
    Pernille Priyanka Quetzal Rafaela Rasmus Rohini Ruslan Saoirse Sefa Shirin Signe Siosaia Tamsin Tariq Tevita Thabo
    Thuy Tjeerd Ulrike Usha Valdis Vasanthi Wairimu Xiadani Xiaoyu Yael Yerlan Yusuf Zainab Zofia
    """
)
FAMILY_NAMES = _words(
    """
    Abernethy-Loo Adeyinka Aguilarte Ahlqvist Akhmetova Alvesson Amankwah Arslanbek Asaturyan Bachmeier Balakrish
    Baptistela Bjornestad Bokhari Brannvall Caldarone Castellvi Chandrapal Chikwanda Cortazari Dalgaard-Ito Debrecht
    Desrouleaux Dhaliwala Dragomirov Ekwueme Engelstad Erdogmus Fairweather-Oh Faleolo Ferrantino Fujiharu Galvanek
    Ghirmay Goldenthal Grinbergs Gunawardhana Haapakoski Hakimzadeh Halvorsrud Hashiguma Hernandorena Hovhanesyan
    Ibarrondo Igwebuike Ilunga-Ray Jankauskis Jayasundar Kahananui Kalninsh Kamarudeen Karlovich Kavanaghy Kimathi
    Kobayakawa Korhola Kuznetsyn Langenbrink Lindqvistad Lomidzeli Macharia-Vo Makhubela Marchettino Matsukura
    Mbatha-Lin Mendozano Mirzayeva Moreau-Diop Nakagiri Nasrallahi Ndiayeh Nguyendo Nikolaisen Novotnak Obuasi Okonjoh
    Oliveirinha Ostrovanu Papadakos Parkhyun Pellegrinato Petrosyants Quispena Rahmanov-Li Rautavuori Ribeirosa
    Rosenkilde Saarinki Sandovalino Sathyanand Schellenbrandt Shiratani Sithebe Solbergsen Stefanopol Subramani-Roy
    Szymborek Tanakura Tauiliili Teklemariam Thorvaldsen Tomaszewicz Tranberg Uchechukwu Vaitkunas Vanderhoeken
    Venkataswar Villanuevo Waweru-Sato Weissfeld Whaanga Wijesekara Xuelian Yamashigo Yildirimoglu Zapatera Zhaoling
    Zimmerlin
    """
)
# Fixed halves rather than free syllables, which would sometimes spell a technique or something rude.
_STEMS = _words(
    """
    Alder Arvo Belti Brindle Calvo Corven Dalmo Drumlin Elmar Eskel Farlo Fenno Galdi Garven Halden Harro Islen Jorvi
    Kalder Kelpi Lanter Lumen Maren Mosskin Nordi Nivalo Olmen Orkel Palder Pelagi Quilli Quorra Ravel Ronde Salten
    Skarvi Talven Tindra Ulmen Umbra Valken Verdi Wenzel Willo Yarrow Ystel Zandri Zephyr
    """
)
_TAILS = _words(
    """
    ba by da dor fin gen go ka kin la lin lo mar mi na nor ra ri sa sen ta tis to va ven wyn za
    """
)
_ENDINGS = ("",) * 40 + ("Kit", "Lab", "Lens", "Link", "Map", "Net", "Path", "Sense", "-2", "-X")


def author_names(rng: np.random.Generator, n_authors: int) -> tuple[str, ...]:
    """Names of ``n_authors`` different people, given name first."""
    given = rng.choice(len(GIVEN_NAMES), size=n_authors, replace=False)
    family = rng.choice(len(FAMILY_NAMES), size=n_authors, replace=False)
    initials = rng.integers(0, 26 * 4, size=n_authors)
    return tuple(
        # About one author in four has a middle initial.
        f"{GIVEN_NAMES[g]} {chr(65 + i)}. {FAMILY_NAMES[f]}" if i < 26 else f"{GIVEN_NAMES[g]} {FAMILY_NAMES[f]}"
        for g, f, i in zip(given, family, initials.tolist(), strict=True)
    )


def system_name(rng: np.random.Generator) -> str:
    """A pronounceable invented name such as ``Torvella`` or ``MARENTO``.

    It never contains the name of a technique, which a detector could take for evidence.
    """
    name = _pick(rng, _STEMS) + _pick(rng, _TAILS)
    if len(name) <= 7 and rng.random() < 0.4:
        return name.upper()
    return name + _pick(rng, _ENDINGS)


def _pick(rng: np.random.Generator, choices: tuple[str, ...]) -> str:
    return choices[int(rng.integers(len(choices)))]
