from partyschool.common.checks import documents_name_a_real_address, keys_are_set


def test_keys_that_hang_on_the_secret_key_are_refused(settings):
    settings.DERIVED_KEYS = ["FIELD_KEYS", "AUDIT_KEY"]
    assert [(error.id, error.msg.split()[0]) for error in keys_are_set(None)] == [
        ("common.E001", "FIELD_KEYS"),
        ("common.E001", "AUDIT_KEY"),
    ]
    settings.DERIVED_KEYS = []
    assert keys_are_set(None) == []


def test_address_in_documents_must_be_public(settings):
    settings.SITE_URL = "http://localhost:8000"
    assert [warning.id for warning in documents_name_a_real_address(None)] == ["common.W001"]
    settings.SITE_URL = "https://portal.example.org"
    assert documents_name_a_real_address(None) == []
