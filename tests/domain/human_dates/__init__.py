"""Dates as people write them, with the words of the advice: a value, or a question.

`tests.domain.test_date_advice` compares them. A text without spaces is the value of "Write …".
"""

from tests.domain.human_dates.languages import LANGUAGES
from tests.domain.human_dates.notations import NOTATIONS

HUMAN_DATES = LANGUAGES | NOTATIONS
