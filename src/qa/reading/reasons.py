"""Why a file was not read, or not wholly: a code, figures, and the sentence in two languages."""

from __future__ import annotations

import errno
from collections.abc import Mapping

from qa.records import Skipped

# What a system says in its own language, for the chat's page.
_CAUSES: Mapping[int | None, str] = {
    errno.EACCES: "accès refusé",
    errno.EPERM: "accès refusé",
    errno.ENOENT: "fichier disparu",
    errno.ENOTDIR: "fichier disparu",
    errno.EIO: "erreur du disque",
    errno.ENOSPC: "disque plein",
    errno.EDQUOT: "disque plein",
    errno.EROFS: "disque en lecture seule",
    errno.ENAMETOOLONG: "nom trop long",
    errno.EMFILE: "trop de fichiers ouverts",
    errno.ENFILE: "trop de fichiers ouverts",
}

# By code: the sentence for the command line, and the one for the chat's page.
REASONS: Mapping[str, tuple[str, str]] = {
    # the file
    "empty": ("empty file", "fichier vide"),
    "no_text": ("no text in it", "aucun texte"),
    "no_document": ("no document in it", "aucun document"),
    "binary": ("binary content", "contenu binaire"),
    "not_readable": ("not readable: {0}", "illisible : {1}"),
    "folder_not_readable": ("folder not readable: {0}", "dossier illisible : {1}"),
    "not_regular": ("not a regular file", "pas un fichier ordinaire"),
    "link_broken": ("broken symbolic link", "lien symbolique rompu"),
    "link_loops": ("symbolic link that loops", "lien symbolique en boucle"),
    "link_leaves": ("symbolic link that leaves the folder", "lien symbolique hors du dossier"),
    "link_elsewhere": (
        "symbolic link to a folder that is read at its own place",
        "lien symbolique vers un dossier lu à sa place",
    ),
    "duplicate_id": (
        'duplicate id "{0}", already read from {1}',
        "identifiant « {0} » déjà pris, lu dans {1}",
    ),
    "format": ("format not read: {0}; {1}", "format non lu : {0} ; {2}"),
    "formats": (
        "{0} files of a format that is not read ({1}): {2}",
        "{0} fichiers {1} : {3}",
    ),
    "attachments": ("{0} attachments not read: {1}", "{0} pièces jointes non lues : {1}"),
    "too_large": (
        "{0} MB, over the limit of {1} MB for one file: split it{2}",
        "{0} Mo, pour {1} Mo au plus : à couper en plusieurs fichiers",
    ),
    "too_much_text": (
        "holds more than {0} million characters of text: split it",
        "plus de {0} millions de caractères : à couper en plusieurs fichiers",
    ),
    "empty_places": (
        "a sheet of more than {0} places, nearly all of them empty",
        "une feuille de plus de {0} cases, presque toutes vides",
    ),
    "doubtful_encoding": (
        "its encoding is not sure: read as {0}; check its accents, or save it as UTF-8",
        "encodage incertain, lu comme {0} : vérifiez les accents, ou enregistrez-le en UTF-8",
    ),
    # limits
    "memory": ("needs more memory than a file may", "demande plus de mémoire que permis"),
    "slow": ("took more than {0} s to read{1}", "lecture interrompue après {0} s"),
    "processor": (
        "took more processor time than a file may{0}",
        "demande plus de temps de calcul que permis",
    ),
    "crashed": ("its reader crashed ({0}){1}", "son lecteur s’est arrêté brutalement ({0})"),
    "stopped": ("its reader stopped{0}", "son lecteur s’est arrêté"),
    "nested": ("nested too deeply", "imbrication trop profonde"),
    "ratio": (
        "unpacks to {0} times its size: a bomb is not opened",
        "se décompresse à {0} fois sa taille : bombe refusée",
    ),
    "packed_ratio": (
        "unpacks to more than {0} times its size: a bomb is not opened",
        "se décompresse à plus de {0} fois sa taille : bombe refusée",
    ),
    "unpacks_to": ("unpacks to more than {0} MB", "se décompresse à plus de {0} Mo"),
    "entries": ("{0} files in the archive, over {1}", "{0} fichiers dans l’archive, pour {1}"),
    "large_part": ("holds a part of more than {0} MB", "contient une partie de plus de {0} Mo"),
    "file_too_much": (
        "what it holds would take more than {0} MB in the index: the rest is left out",
        "son contenu prendrait plus de {0} Mo dans l’index : le reste est omis",
    ),
    "added_too_much": (
        "all that was added would take more than {0} MB in the index: the rest is left out",
        "les ajouts prendraient plus de {0} Mo dans l’index : le reste est omis",
    ),
    "long_title": ("a title of {0} characters, over {1}", "un titre de {0} signes, pour {1}"),
    # damage and protection
    "damaged": ("damaged: {0}", "fichier endommagé"),
    "damaged_archive": ("damaged archive ({0})", "archive endommagée"),
    "damaged_member": ("damaged in the archive ({0})", "endommagé dans l’archive"),
    "damaged_gzip": (
        "damaged gzip file after line {0} ({1})",
        "fichier gzip endommagé après la ligne {0}",
    ),
    "damaged_after": (
        "damaged: what follows could not be read ({0})",
        "endommagé : la suite est illisible",
    ),
    "damaged_line": ("damaged after line {0} ({1})", "endommagé après la ligne {0}"),
    "password": ("protected by a password", "protégé par un mot de passe"),
    "old_office": (
        "protected by a password, or of an older format: save it anew",
        "protégé par un mot de passe, ou d’un ancien format : enregistrez-le à nouveau",
    ),
    "drm": ("protected against copying (DRM)", "protégé contre la copie (DRM)"),
    "another_kind": ("not {0}", "n’est pas {1}"),
    "needs_office": (
        "needs LibreOffice to be read, which is not installed; or save it as {0}",
        "LibreOffice, qui n’est pas installé, serait nécessaire ; ou enregistrez-le en {0}",
    ),
    "needs_extra": (
        "the package {0} is not installed; install it: {1}",
        "le module {0} n’est pas installé ; installez-le : {1}",
    ),
    "office_failed": ("LibreOffice could not convert it", "LibreOffice n’a pas pu le convertir"),
    # archives
    "path_leaves": ("path that leaves the archive", "chemin hors de l’archive"),
    "member_link": ("symbolic link in the archive", "lien symbolique dans l’archive"),
    "archive_inside": (
        "an archive inside an archive is not opened",
        "archive dans une archive, non ouverte",
    ),
    "missing_part": ("its part {0} is missing", "sa partie {0} manque"),
    # PDF
    "scan": (
        "no text layer: a scanned document, which --ocr can read",
        "pages numérisées, sans texte : l’option --ocr peut les lire",
    ),
    "scanned_pages": (
        "{0} without a readable text layer, which --ocr can read",
        "{0} sans texte lisible : l’option --ocr peut les lire",
    ),
    "damaged_pages": ("{0} damaged", "{0} endommagées"),
    "no_tesseract": (
        "no text layer, and tesseract is not installed",
        "sans texte, et tesseract n’est pas installé",
    ),
    "tesseract_failed": (
        "tesseract failed on a page ({0})",
        "tesseract a échoué sur une page",
    ),
    # files of many documents
    "line_too_long": ("line {0} is longer than {1} MB", "ligne {0} : plus de {1} Mo"),
    "not_json": ("line {0} is not JSON: {1}", "ligne {0} : pas du JSON"),
    "not_object": ("line {0} is not a JSON object", "ligne {0} : pas un objet JSON"),
    "no_field": ("line {0} has no {1} (a string)", "ligne {0} : sans {2}"),
    "empty_field": ("line {0} has an empty {1}", "ligne {0} : {2} vide"),
    "json": ("not JSON: {0}", "pas du JSON"),
    "cells": (
        "has {0} cells where the table has {1} columns",
        "{0} cellules pour {1} colonnes",
    ),
    "no_row": ("no row under its column names", "aucune ligne sous les noms de colonnes"),
    "no_cell_text": ("has no text in its column of text", "aucun texte dans sa colonne de texte"),
    "no_column": ('no column "{0}" (columns: {1})', "pas de colonne « {0} » (colonnes : {1})"),
    "redirects": ("{0} redirects left out", "{0} redirections laissées de côté"),
    "other_spaces": (
        "{0} pages outside the article name space left out",
        "{0} pages hors des articles laissées de côté",
    ),
    "no_wikitext": (
        "{0} pages that are no wikitext left out",
        "{0} pages sans wikitexte laissées de côté",
    ),
    "long_article": ("longer than {0} characters of wikitext", "plus de {0} signes de wikitexte"),
    # metadata beside files
    "sidecar_lonely": (
        "describes a document that is not there",
        "décrit un document qui n’est pas là",
    ),
    "sidecar_link": (
        "symbolic link: its metadata are not used",
        "lien symbolique : ses métadonnées ne sont pas lues",
    ),
    "sidecar_large": ("larger than {0} kB: not read", "plus de {0} ko : non lu"),
    "sidecar_toml": ("not TOML, not used: {0}", "pas du TOML, non utilisé"),
    "sidecar_unknown": (
        "not used: {0} (give a text, a date or a list)",
        "non utilisé : {0} (donnez un texte, une date ou une liste)",
    ),
}


def skipped(source: str, code: str, *figures: object) -> Skipped:
    """What is told of a file, or a part of one, that is not read."""
    told = tuple(map(str, figures))
    english, french = (sentence.format(*told) for sentence in REASONS[code])
    return Skipped(source, english, code, told, french)


def causes(error: OSError) -> tuple[str, str]:
    """What the system said, in English and in French."""
    english = error.strerror.lower() if error.strerror else type(error).__name__
    return english, _CAUSES.get(error.errno, "erreur du système")
