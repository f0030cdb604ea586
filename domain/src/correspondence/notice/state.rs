//! The notice's state.

use serde::{Deserialize, Serialize};

use super::{NoticeCommand as C, NoticeError as E, NoticeEvent as V};
use crate::aggregate;

/// A notice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    published: bool,
    withdrawn: bool,
}

impl Notice {
    /// Decides a command; pure.
    ///
    /// # Errors
    /// The rule the command breaks.
    pub fn decide(&self, command: C) -> Result<Vec<V>, E> {
        match command {
            C::Publish { .. } if self.published => Err(E::AlreadyPublished),
            C::Publish { from, to: Some(to), .. } if to < from => Err(E::ImpossibleRange),
            C::Publish { audience, content, from, to, at } => {
                Ok(vec![V::NoticePublished { audience, content, from, to, received: at }])
            }
            C::Withdraw { at } if self.published && !self.withdrawn => {
                Ok(vec![V::NoticeWithdrawn { received: at }])
            }
            C::Withdraw { .. } => Err(E::Unknown),
        }
    }

    /// Folds an event; total.
    pub fn evolve(&mut self, event: &V) {
        match event {
            V::NoticePublished { .. } => self.published = true,
            V::NoticeWithdrawn { .. } => self.withdrawn = true,
        }
    }
}

aggregate!(Notice, "Notice", C, V, E);

#[cfg(test)]
mod tests {
    use cqrs_es::test::TestFramework;

    use super::*;
    use crate::correspondence::notice::{Audience, NoticeContent, NoticeText};

    fn publish(to: &str) -> C {
        C::Publish {
            audience: Audience::Town,
            content: Box::new(NoticeContent {
                text: NoticeText::Plain("Kermesse".into()),
                link: None,
                form: None,
            }),
            from: "2015-05-01".parse().unwrap(),
            to: Some(to.parse().unwrap()),
            at: "2015-04-08T09:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn given_a_last_day_before_the_first_then_refused() {
        TestFramework::<Notice>::with(())
            .given_no_previous_events()
            .when(publish("2015-04-30"))
            .then_expect_error(E::ImpossibleRange);
    }

    #[test]
    fn given_a_withdrawn_notice_when_withdrawn_again_then_refused() {
        let mut notice = Notice::default();
        let at = "2015-04-09T09:00:00Z".parse().unwrap();
        for event in notice.decide(publish("2015-05-31")).unwrap() {
            notice.evolve(&event);
        }
        for event in notice.decide(C::Withdraw { at }).unwrap() {
            notice.evolve(&event);
        }
        assert_eq!(notice.decide(C::Withdraw { at }), Err(E::Unknown));
    }
}
