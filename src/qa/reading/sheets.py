"""Spreadsheets (XLSX, XLS, ODS): each sheet a section, each row a line with its column names."""

from __future__ import annotations

import io
from datetime import date, datetime, time, timedelta
from typing import Any

from qa.reading.blocks import Block, Content, UnreadableError
from qa.reading.cleaning import clean_line
from qa.reading.grid import LONGEST_REPEATED, Cell, table_lines
from qa.reading.office import open_office
from qa.reading.plain import readable_name

_ROWS_IN_A_BLOCK = 200
_MOST_EMPTY = 1_000_000  # places of a sheet in which next to nothing stands


def read_sheets(data: bytes, name: str) -> Content:
    """Read the visible sheets of a workbook."""
    import python_calamine

    parts = 0
    if data.startswith(b"PK"):
        with open_office(data) as package:  # refuses what unpacks to too much
            parts = sum("/worksheets/" in part for part in package.namelist())
    try:
        book = python_calamine.load_workbook(io.BytesIO(data))
        visible = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.visible is python_calamine.SheetVisibleEnum.Visible
            and sheet.typ is python_calamine.SheetTypeEnum.WorkSheet
        ]
        if 0 < parts < len(visible):
            raise UnreadableError("damaged", "several sheets are the same one")
        blocks: list[Block] = []
        for title in visible:
            sheet = book.get_sheet_by_name(title)
            lines = table_lines(_cells(sheet))
            if not lines:
                continue
            if len(visible) > 1:
                blocks.append(Block(clean_line(title), 2))
            starts = range(0, len(lines), _ROWS_IN_A_BLOCK)
            blocks += [Block("\n".join(lines[at : at + _ROWS_IN_A_BLOCK])) for at in starts]
    except python_calamine.PasswordError as error:
        raise UnreadableError("password") from error
    except python_calamine.CalamineError as error:
        raise UnreadableError("damaged", " ".join(str(error).split())) from error
    return Content(readable_name(name), blocks)


def _cells(sheet: Any) -> list[list[Cell]]:
    empty = Cell("")
    rows = []
    room = told = 0  # places; those that are not empty
    for row in sheet.iter_rows():
        rows.append([empty if value == "" else Cell(_text(value)) for value in row])
        room += len(row)
        told += len(row) - row.count("")
        if room > _MOST_EMPTY + 100 * told:
            raise UnreadableError("empty_places", _MOST_EMPTY)
    top, left = sheet.start or (0, 0)
    for (first_row, first), (last_row, last) in sheet.merged_cell_ranges or ():
        row, column = first_row - top, first - left
        if not (0 <= row < len(rows) and 0 <= column < len(rows[row])) or room < 0:
            continue
        cell = rows[row][column]
        if len(cell.text) > LONGEST_REPEATED:
            continue
        for covered in rows[row : last_row - top + 1]:
            end = min(last - left + 1, len(covered))
            # One cell in every place that it covers; no two ranges cover the same place.
            covered[column:end] = [cell] * (end - column)
            room -= end - column
    filled = [row for row in rows if any(cell.text for cell in row)]
    used = sorted({at for row in filled for at, cell in enumerate(row) if cell.text})
    return [[row[at] if at < len(row) else empty for at in used] for row in filled]


def _text(value: object) -> str:
    """A value as a French reader writes it: dates by day, whole numbers without a point."""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(round(value, 6)).replace(".", ",")
    if isinstance(value, datetime):
        return value.strftime("%d/%m/%Y" if value.time() == time() else "%d/%m/%Y %H:%M")
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y")
    if isinstance(value, time | timedelta):
        return str(value)
    return clean_line(str(value))
