"""Makes packets of every edition and kind from data of its own, without a database, and prints the SHA-256 of each file.

Run by test_report_bytes.py, in processes that differ in all that must not matter.
"""

import hashlib
from dataclasses import replace

import django

django.setup()

from tests.factories.report_samples import AT, sample_correction, sample_report  # noqa: E402  # models can be imported only now
from trainees.exporters.assessment_annex import build_assessment_annex  # noqa: E402  # models can be imported only now
from trainees.exporters.assessment_manifest import PacketFile, build_manifest  # noqa: E402  # models can be imported only now
from trainees.exporters.assessment_notice import build_assessment_notice  # noqa: E402  # models can be imported only now
from trainees.exporters.wording import PacketFacts  # noqa: E402  # models can be imported only now


def main() -> None:
    whole = sample_report()
    made = {"final": whole, "preview": replace(whole, quarter=4), "erratum": sample_correction(whole)}
    for edition, report in made.items():
        for doc_type in ("circular", "report", "letter"):
            facts = PacketFacts(12, 2026, "AB23-CD45-EF67-GH89", AT, doc_type)
            files = [
                PacketFile("notice", "a.pdf", build_assessment_notice(report, facts).content),
                PacketFile("annex", "a.xlsx", build_assessment_annex(report, facts)),
            ]
            manifest = build_manifest(report, facts, edition=edition, queried_at=AT, files=files)
            for file in [*files, PacketFile("manifest", "a.json", manifest)]:
                print(edition, doc_type, file.part, hashlib.sha256(file.content).hexdigest())


if __name__ == "__main__":
    main()
