//! What a command is written as. The log keeps a hash of it: a person who repeats a command after the
//! server was upgraded gets its first outcome, as long as not one byte of it differs.

use serde::de::DeserializeOwned;
use strum::VariantNames;

use super::*;

/// Commands as the log's first versions wrote them, and the hash they were kept under.
const WRITTEN: [(&str, &str); 15] = [
    (
        r#"{"requestReservations":{"child":"6d0f6f4e-3f0c-4d3a-9a51-0d8f3f6a7b01","payer":"1001001010331","activity":"repas-midi","dates":["2015-04-09"],"pattern":null}}"#,
        "2c85deecc00f2f87cb3e1ba545be3107e3197b63be6678cedf907e3ee09731f7",
    ),
    (
        r#"{"settleCertificate":{"child":"6d0f6f4e-3f0c-4d3a-9a51-0d8f3f6a7b01","activity":"repas-midi","dates":["2015-04-09"],"received_at":"2015-04-10T07:00:00Z","accepted":true}}"#,
        "6eebeba90588fb24c21dcd2b163d7f35abd6f879b4ab91453c23a8878e7c0215",
    ),
    (
        r#"{"correctAttendance":{"target":{"child":"6d0f6f4e-3f0c-4d3a-9a51-0d8f3f6a7b01","activity":"repas-midi","date":"2015-04-09"},"to":"ABSENT_EXCUSED","reason":"Vu avec la directrice"}}"#,
        "79c9ff2844192148edd1745714c537cbc46efedb0ddbdebd531309a3fde4b89b",
    ),
    (
        r#"{"releaseLeftover":{"target":{"child":"6d0f6f4e-3f0c-4d3a-9a51-0d8f3f6a7b01","activity":"repas-midi","date":"2015-04-09"}}}"#,
        "bfc13bfead77553f14dc81cfded408e6b756d89e0d443bf43363af76ba56b355",
    ),
    (
        r#"{"closeDays":{"scope":{"STRUCTURE":"garderie"},"from":"2015-05-04","to":"2015-05-05","reason":"STRIKE"}}"#,
        "2b109e261efa334ec137a192d154e31d8916dc8874f963865c61b8de2035fa3f",
    ),
    (
        r#"{"retireActivity":{"id":"repas-midi","from":"2015-09-01"}}"#,
        "77cc85b11709911c9448a9f71a15ca65b3e4d6e4810112faf2fc5acdf91fa5ba",
    ),
    (
        r#"{"registerFamily":{"number":"1001001010331","title":null,"responsible":{"surname":"DUPONT","first_name":"Jean"}}}"#,
        "cecdf61dd1af59830dbd2f3369344e27740bb761898841f8ff055ad5b76f139f",
    ),
    (
        r#"{"recordSection":{"owner":{"family":"1001001010331","child":null},"section":"BANK","seen_revision":0,"values":{"bic":"PSSTFRPPMAR","iban":"FR1420041010050500013M02606"}}}"#,
        "2278f34dc86c5da616facc0c8fcea8d98ebce5cd20a176de1b82aaf12a2ff027",
    ),
    (
        r#"{"decideModifications":{"targets":[{"family":"1001001010331","request":"6d0f6f4e-3f0c-4d3a-9a51-0d8f3f6a7b01"}],"decision":{"approve":{"overwrite":false}}}}"#,
        "bd5bdcd2f5e13643839a3396f5624734b1f7f794f34f137e5ffcdcf3e5725fd6",
    ),
    (
        r#"{"markConversation":{"conversation":"6d0f6f4e-3f0c-4d3a-9a51-0d8f3f6a7b01","mark":"READ"}}"#,
        "05c9c0d2837f1d4ef0f7ac718d30a6425cd7525204a8c6358fb0907873ec1a4a",
    ),
    (
        r#"{"withdrawNotice":{"notice":"6d0f6f4e-3f0c-4d3a-9a51-0d8f3f6a7b01"}}"#,
        "26a336e0ec694eb25e2a59b4d6e6018412ba596cfd23b0952940ebdf1832b339",
    ),
    (
        r#"{"erasePersonalData":{"subject":{"FAMILY":"1001001010331"},"purposes":["HEALTH"],"basis":"CONSENT_WITHDRAWN"}}"#,
        "0405d6bd2c178d1cfa8d4373f48ec00450e95841df517183cc7e44930e600fbf",
    ),
    (
        r#"{"adoptFourEyes":{"what":{"bank":true,"refunds":false}}}"#,
        "042922bbc5da65f704b64ad86cd242d008fbffe1d7ae7c936ad7fade02ddd6e5",
    ),
    (
        r#"{"money":{"closeCashDay":{"regie":"periscolaire","date":"2015-04-08"}}}"#,
        "46f220c6cc3809c111f9c122fc69c399a0974cdc98074c6ae61f520a6692e17c",
    ),
    (
        r#"{"money":{"recordPayment":{"regie":"periscolaire","family":"1001001010331","date":"2015-04-08","method":"CASH","amount":"12.50","reference":null,"allocations":[]}}}"#,
        "f39c74e621c75db215b92a6d181c223ef9d87cc5c68e5c741c11d3dc1470d6a5",
    ),
];

#[test]
fn a_command_is_written_and_hashed_as_it_always_was() {
    for (json, hash) in WRITTEN {
        let command: Command = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&command).unwrap(), json);
        let found = command.request_hash("staff:mairie").unwrap();
        let found: String = found.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, hash, "{json}");
    }
}

/// The names each area reads are found by strum and told by serde: one list.
#[test]
fn every_name_is_one_areas() {
    fn names<T: VariantNames + DeserializeOwned + std::fmt::Debug>() -> Vec<&'static str> {
        let error = serde_json::from_str::<T>(r#"{"?":{}}"#).unwrap_err().to_string();
        let (_, told) = error.split_once("expected ").unwrap();
        let told: Vec<&str> = told.split('`').skip(1).step_by(2).collect();
        assert_eq!(told, T::VARIANTS);
        T::VARIANTS.to_vec()
    }
    let areas = [
        vec!["money"],
        names::<AttendanceCommand>(),
        names::<CatalogueCommand>(),
        names::<CorrespondenceCommand>(),
        names::<FamiliesCommand>(),
        names::<GovernanceCommand>(),
        names::<PrivacyCommand>(),
    ];
    let mut all = areas.concat();
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count, "two areas have a command of one name");
}

#[test]
fn what_is_wrong_with_a_command_is_told() {
    let error = |json: &str| serde_json::from_str::<Command>(json).unwrap_err().to_string();
    let unknown = error(r#"{"bookPlaces":{}}"#);
    assert!(unknown.contains("bookPlaces is no command: one of money, requestReservations, "), "{unknown}");
    assert_eq!(error(r#"{"reopenDays":{}}"#), "missing field `closure` at line 1 column 16");
    assert!(error(r#"{"money":{"collect":{}}}"#).starts_with("unknown variant `collect`, expected one of"));
    let day = error(r#"{"money":{"closeCashDay":{"regie":"periscolaire","date":"yesterday"}}}"#);
    assert!(day.contains("line 1 column"), "{day}");
}
