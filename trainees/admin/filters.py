from partyschool.accounts.admin.units import JurisdictionFilter


class CadreJurisdictionFilter(JurisdictionFilter):
    """Records that hang on a cadre."""

    path_lookup = "cadre__unit__path"


class OwnJurisdictionFilter(JurisdictionFilter):
    """Rows that have a unit of their own."""

    path_lookup = "unit__path"
