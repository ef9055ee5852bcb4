"""nbgrader's settings: this folder is a course, solutions/ its source and exercises/ its release."""

from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import GetGrades

from lossbook.autograde.feedback import CleanFeedback

c = get_config()  # noqa: F821  (nbgrader defines it)

c.CourseDirectory.course_id = "lossbook"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"

# A copy of the project has exercises/ already, and nbgrader would skip the set: no gradebook, and nothing released.
c.GenerateAssignment.force = True

c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}

# A learner who deletes a graded cell gets it back, and is graded on it.
c.OverwriteCells.add_missing_cells = True

# A table of grades says who was not graded and who handed in nothing, where nbgrader writes 0.
c.ExportApp.plugin_class = "lossbook.autograde.export.GradesExport"

# Feedback pages show what learners' code put out: no scripts of theirs may run there.
c.GenerateFeedback.preprocessors = [GetGrades, CleanFeedback, CSSHTMLHeaderPreprocessor]
