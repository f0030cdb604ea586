//! The tariff's state: its dated versions.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{TariffCommand, TariffError, TariffEvent, TariffSettings};
use crate::aggregate;

/// One version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Version {
    from: NaiveDate,
    number: u32,
    settings: Box<TariffSettings>,
}

/// A tariff with its history.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tariff {
    /// By the first session day each holds for.
    versions: Vec<Version>,
    count: u32,
}

impl Tariff {
    /// The tariff of a session's day with its version; none before the first.
    pub fn on(&self, date: NaiveDate) -> Option<(u32, &TariffSettings)> {
        let version = self.versions.iter().rev().find(|v| v.from <= date)?;
        Some((version.number, &version.settings))
    }

    /// Its versions with the first day of each.
    pub fn versions(&self) -> impl Iterator<Item = (NaiveDate, u32, &TariffSettings)> {
        self.versions.iter().map(|v| (v.from, v.number, &*v.settings))
    }

    /// Decides a command; pure.
    ///
    /// # Errors
    /// The rule the command breaks.
    pub fn decide(&self, command: TariffCommand) -> Result<Vec<TariffEvent>, TariffError> {
        let TariffCommand::Set { settings, from } = command;
        match settings.defect() {
            Some(defect) => Err(TariffError::Settings(defect)),
            None if settings.shared_postcode().is_some() => {
                let postcode = settings.shared_postcode().unwrap_or_default().to_owned();
                Err(TariffError::SharedPostcode(postcode))
            }
            None => Ok(vec![TariffEvent::TariffSet { settings, from }]),
        }
    }

    /// Folds an event; total.
    pub fn evolve(&mut self, event: &TariffEvent) {
        let TariffEvent::TariffSet { settings, from } = event;
        self.count += 1;
        self.versions.retain(|v| v.from < *from);
        self.versions.push(Version { from: *from, number: self.count, settings: settings.clone() });
    }
}

aggregate!(Tariff, "Tariff", TariffCommand, TariffEvent, TariffError);

#[cfg(test)]
mod tests {
    use cqrs_es::test::TestFramework;

    use super::*;
    use crate::money::tariff::{Band, Outside, Scale, Surcharge, Unit};

    fn set(scale: Scale) -> TariffCommand {
        let settings = Box::new(TariffSettings {
            regie: "al".parse().unwrap(),
            unit: Unit::Session,
            scale,
            outside: Outside::Same,
            residents: [].into(),
            communes: [].into(),
            siblings: vec![],
            late_request: Surcharge::None,
            unbooked: Surcharge::None,
            late_pick_up: None,
            deductible_percent: 0,
            product_account: "7067".into(),
        });
        TariffCommand::Set { settings, from: "2014-09-01".parse().unwrap() }
    }

    #[test]
    fn given_bands_that_leave_the_lowest_quotients_out_then_refused() {
        let bands = vec![Band { from: 100.into(), price: 2.into() }];
        TestFramework::<Tariff>::with(())
            .given_no_previous_events()
            .when(set(Scale::Bands(bands)))
            .then_expect_error(TariffError::Settings("SETTING_FIRST_BAND"));
    }

    #[test]
    fn given_a_postcode_that_communes_share_then_it_is_refused_and_they_are_named() {
        let TariffCommand::Set { mut settings, from } = set(Scale::Flat(3.into()));
        settings.residents = ["62138".to_owned()].into();
        let refused = Tariff::default().decide(TariffCommand::Set { settings: settings.clone(), from });
        assert_eq!(refused, Err(TariffError::SharedPostcode("62138".into())));
        settings.communes = ["62401".to_owned()].into();
        assert!(Tariff::default().decide(TariffCommand::Set { settings: settings.clone(), from }).is_ok());
        settings.communes = ["99999".to_owned()].into();
        let unknown = Tariff::default().decide(TariffCommand::Set { settings, from });
        assert_eq!(unknown, Err(TariffError::Settings("SETTING_COMMUNES")));
    }

    #[test]
    fn given_two_versions_then_a_session_follows_the_one_of_its_day() {
        let mut tariff = Tariff::default();
        for (price, from) in [(3, "2014-09-01"), (4, "2015-09-01")] {
            let TariffCommand::Set { settings, .. } = set(Scale::Flat(price.into()));
            tariff.evolve(&TariffEvent::TariffSet { settings, from: from.parse().unwrap() });
        }
        let version = |day: &str| tariff.on(day.parse().unwrap()).map(|(number, _)| number);
        assert_eq!(version("2014-08-31"), None);
        assert_eq!(version("2015-08-31"), Some(1));
        assert_eq!(version("2015-09-01"), Some(2));
    }
}
