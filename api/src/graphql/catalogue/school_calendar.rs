//! The town's calendar: its school zone, its region's public holidays, and the school years it enters
//! itself.

use async_graphql::{Context, Object, Result, SimpleObject};
use portail_application::CatalogueCommand;
use portail_domain::{
    catalogue::calendar::{
        HolidayRegion as DomainRegion, Holidays, Period as DomainPeriod, Zone as DomainZone,
    },
    i18n::text,
};
use portail_projections::catalogue;

use crate::graphql::{
    catalogue::Period,
    commands::{RecordPayload, input_objects, submit},
    context::{Ask, OFFICERS, STAFF, be_fresh, unavailable},
    mirrored_enum::mirrored_enum,
    scalars::{Date, Position},
};

mirrored_enum! {
    /// A zone of the national school calendar, or a calendar of the town's own.
    Zone = DomainZone {
        A: "Zone A.",
        B: "Zone B.",
        C: "Zone C.",
        Own: "None of them (Corsica, overseas): the town enters each school year itself.",
    }
}

mirrored_enum! {
    /// Where a town lies, as far as public holidays are concerned.
    HolidayRegion = DomainRegion {
        Common: "The eleven holidays of the whole country.",
        AlsaceMoselle: "Good Friday and 26 December as well.",
        Guadeloupe: "27 May as well.",
        Guyane: "10 June as well.",
        Martinique: "22 May as well.",
        Reunion: "20 December as well.",
        Mayotte: "27 April as well.",
        SaintBarthelemy: "9 October as well.",
        SaintMartin: "28 May as well.",
    }
}

/// School holidays.
#[derive(Debug, Clone, SimpleObject)]
pub struct SchoolHolidays {
    /// Small or summer holidays.
    period: Period,
    /// The first day without school.
    from: Date,
    /// The last day without school.
    to: Date,
}

impl From<&Holidays> for SchoolHolidays {
    fn from(holidays: &Holidays) -> Self {
        Self { period: holidays.period.into(), from: Date(holidays.from), to: Date(holidays.to) }
    }
}

/// A school year that the town entered.
#[derive(Debug, Clone, SimpleObject)]
pub struct EnteredSchoolYear {
    /// Its first calendar year.
    year: i32,
    /// Its holidays.
    holidays: Vec<SchoolHolidays>,
}

/// The town's calendar.
#[derive(Debug, Clone, SimpleObject)]
pub struct SchoolCalendar {
    /// The school zone today.
    zone: Zone,
    /// The region whose public holidays hold today.
    region: HolidayRegion,
    /// The last day it covers: nothing is booked beyond.
    covered_until: Date,
    /// What to do about its end, from a year before; null until then.
    warning: Option<String>,
    /// The school years that the town entered itself.
    entered: Vec<EnteredSchoolYear>,
}

/// Queries of the calendar.
#[derive(Debug, Default)]
pub struct SchoolCalendarQuery;

#[Object]
impl SchoolCalendarQuery {
    /// The town's calendar, and how far it reaches.
    #[graphql(guard = "OFFICERS")]
    async fn school_calendar(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Answer from this position of the log or later.")] min_position: Option<Position>,
    ) -> Result<SchoolCalendar> {
        be_fresh(ctx, &[catalogue::NAME], min_position.map(|p| p.0)).await?;
        let application = ctx.application()?;
        let catalogue = application.catalogue().get().await.map_err(unavailable)?;
        let (calendar, today) = (&catalogue.calendar, application.clock().today());
        let warning = calendar.ends_soon(today).map(|until| {
            text("CALENDAR_WARNING", ctx.language(), &[("date", until.format("%d/%m/%Y").to_string())])
        });
        let entered = calendar.entered_years();
        Ok(SchoolCalendar {
            zone: calendar.zone(today).into(),
            region: calendar.region(today).into(),
            covered_until: Date(calendar.covered_until(today)),
            warning,
            entered: entered
                .map(|(year, holidays)| EnteredSchoolYear {
                    year,
                    holidays: holidays.iter().map(Into::into).collect(),
                })
                .collect(),
        })
    }
}

input_objects! {
    /// The school zone of the town.
    command AdoptZoneInput {
        "The zone." zone: Zone,
        "The first day it holds." from: Date,
    }

    /// The region of the town.
    command AdoptHolidayRegionInput {
        "The region." region: HolidayRegion,
        "The first day it holds." from: Date,
    }

    /// School holidays to enter.
    object SchoolHolidaysInput {
        "Small or summer holidays." period: Period,
        "The first day without school." from: Date,
        "The last day without school." to: Date,
    }

    /// A school year to enter.
    command EnterSchoolYearInput {
        "Its first calendar year." year: i32,
        "All its holidays in order, summer included; empty: the official ones hold again."
        holidays: Vec<SchoolHolidaysInput>,
    }
}

/// What staff decide about the calendar.
#[derive(Debug, Default)]
pub struct SchoolCalendarMutation;

#[Object]
impl SchoolCalendarMutation {
    /// The town belongs to a school zone from a day on.
    #[graphql(guard = "STAFF")]
    async fn adopt_zone(&self, ctx: &Context<'_>, input: AdoptZoneInput) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            Ok(CatalogueCommand::AdoptZone { zone: input.zone.into(), from: input.from.0 })
        })
        .await
    }

    /// The town has the public holidays of a region from a day on: they are closed, marked F, and no
    /// working days for deadlines.
    #[graphql(guard = "STAFF")]
    async fn adopt_holiday_region(
        &self,
        ctx: &Context<'_>,
        input: AdoptHolidayRegionInput,
    ) -> Result<RecordPayload> {
        submit(ctx, input, |input| {
            Ok(CatalogueCommand::AdoptRegion { region: input.region.into(), from: input.from.0 })
        })
        .await
    }

    /// Enters the holidays of a school year; they hold in place of the official ones.
    #[graphql(guard = "STAFF")]
    async fn enter_school_year(
        &self,
        ctx: &Context<'_>,
        input: EnterSchoolYearInput,
    ) -> Result<RecordPayload> {
        let of = |h: SchoolHolidaysInput| Holidays {
            period: DomainPeriod::from(h.period),
            from: h.from.0,
            to: h.to.0,
        };
        submit(ctx, input, |input| {
            let holidays = input.holidays.into_iter().map(of).collect();
            Ok(CatalogueCommand::EnterSchoolYear { year: input.year, holidays })
        })
        .await
    }
}
