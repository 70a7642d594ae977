"""What the refusals of files on pages and of the API say: what happened, and what to do."""

from collections.abc import Mapping

from chaupal.web.refusals import N_, Words

OF_IMPORTS: Mapping[str, Words] = {
    "import.too_many_columns": Words(
        N_("Too many columns"),
        N_("The file has more than %(most)s columns, so nothing was imported."),
        N_("Take out what is not needed, then try again."),
    ),
    "import.doubtful_column": Words(
        N_("A column that could be something else"),
        N_("The column %(column)s may tell of caste or religion, or of something harmless."),
        N_("If it does, take it out of the file. If not, say what it stands for, or leave it out."),
    ),
    "import.heading_absent": Words(
        N_("The file has no such heading"),
        N_("You said what the heading %(heading)s stands for, but the file does not have it."),
        N_("Write the heading as it stands in the file, then try again."),
    ),
    "import.column_absent": Words(
        N_("There is no such column"),
        N_("A heading was to stand for %(column)s, and such a file has no column of that name."),
        N_("Choose one of our columns, or - to leave the heading out."),
    ),
    "import.sheet_unknown": Words(
        N_("There is no such sheet"),
        N_("The file has no sheet %(sheet)s. It has: %(sheets)s."),
        N_("Choose one of these sheets, then try again."),
    ),
    "import.old_workbook": Words(
        N_("An old or a locked workbook"),
        N_("The file is of the old kind .xls, or it is under a password, so we cannot read it."),
        N_("Take the password off and save it as .xlsx or CSV, then try again."),
    ),
    "import.broken_workbook": Words(
        N_("The workbook is damaged"),
        N_("The file is cut off, damaged, or no workbook at all. Nothing was imported."),
        N_("Open it in the spreadsheet, save it again as .xlsx or CSV, then try again."),
    ),
    "import.workbook_too_large": Words(
        N_("The workbook is too large"),
        N_("Unpacked, the workbook is larger than any that we take. Nothing was imported."),
        N_("Save the one sheet as CSV, which has no such limit, then try again."),
    ),
    "import.not_found": Words(
        N_("No such import"),
        N_("It is not there, or it is outside your area."),
        N_("Look for it in the list of files."),
    ),
    "import.only_its_author": Words(
        N_("Somebody else's file"),
        N_("Only who uploaded a file says what its columns mean and orders its import."),
        N_("Ask them, or upload the file yourself."),
    ),
    "import.cannot_move": Words(
        N_("That is not possible now"),
        N_("This import is at the stage: %(file_stage)s."),
        N_("Load the page again; it shows what can be done now."),
    ),
    "import.cancelled": Words(
        N_("It was stopped"),
        N_("Somebody stopped this import before its end, so nothing of it stays."),
        N_("Begin again whenever you like."),
    ),
    "import.broke_off": Words(
        N_("It broke off too often"),
        N_("The import was begun several times and never came to its end. Nothing of it stays."),
        N_("Tell the person who runs the server, then upload the file again."),
    ),
    "import.too_many_open": Words(
        N_("Too many files at once"),
        N_("Your organisation has %(limit)s files here that are not done with."),
        N_("Import or throw away one of them first."),
    ),
    "import.file_missing": Words(
        N_("No file was chosen"),
        N_("The form came without a file."),
        N_("Choose a file, then try again."),
    ),
    "import.file_empty": Words(
        N_("The file is empty"),
        N_("There is not a single letter in it."),
        N_("Look whether it is the right file, then try again."),
    ),
    "import.file_too_large": Words(
        N_("The file is too large"),
        N_("A file may have %(limit_gb)s GB; this one has more, so it was not taken."),
        N_("Split it, then import one part after the other."),
    ),
    "import.upload_broke_off": Words(
        N_("The file did not come in whole"),
        N_("The line broke before the end of the file, so nothing of it was kept."),
        N_("Send it again."),
    ),
    "import.upload_over": Words(
        N_("This upload is over"),
        N_("The file was stopped or is here already, so nothing more of it was taken."),
        N_("Look for it in the list of files, or begin again."),
    ),
    "import.file_gone": Words(
        N_("The file is not here any more"),
        N_("It was imported, stopped, or left lying for too long, and then deleted."),
        N_("Upload it again."),
    ),
    "import.report_not_yet": Words(
        N_("There is no report yet"),
        N_("It is written by the dry run, and that has not come to its end."),
        N_("Say what the columns mean, wait for the dry run, then ask for it again."),
    ),
    "import.report_gone": Words(
        N_("The report is not here any more"),
        N_("Reports are kept for 30 days. How many rows ended in which way still stands."),
        N_("Import the file again if you need it: what is there already stays unchanged."),
    ),
}
