"""What a table of cadres must look like, row by row, and what it would do to the register. Nothing here reads or writes the database.

`columns` names what a row tells, `headings` finds the columns in a sheet, `citizen_numbers` and `rows` judge cells, `faults` words
what is wrong and how to mend it, `comparison` sets the rows beside the register.
"""
