//! The fields of each section, once: the rules, the stored documents and the API's types are all
//! made from these lists. A new field is a line here.
//!
//! Sources: the guide (tabs "Mon compte" and "Mes enfants"); what the CNIL allows of health data
//! (diets by religion never, the nature of a handicap never).

/// Calls a macro with every section: its description, its name, what it is, and its fields, each with its
/// description, name and kind (see [`Kind`](super::Kind)).
///
/// What it is: whose file it belongs to ([`Owner`](super::Owner)), which key seals it
/// ([`Purpose`](crate::shared::sealed::Purpose)), and what its columns begin with in a table of families or
/// children; none where no cell can hold it (a list of persons).
#[macro_export]
macro_rules! file_sections {
    ($callback:ident) => {
        $callback! {
            /// The responsible guardian's card.
            Responsible [Family, Identity, Some("")] {
                "Civility: Monsieur, Madame." title: Title,
                "Surname." surname: RequiredName,
                "First name." first_name: RequiredName,
                "Capacity: father, mother, guardian..." capacity: Line,
                "Family situation: married, separated..." family_situation: Line,
                "Street address." address: Line,
                "Postcode: five digits in France, else as the country writes it." postcode: Postcode,
                "Town." town: Line,
                "Country (ISO 3166-1 code, or its name); none: France." country: Country,
                "INSEE code of the commune, one of those that have the postcode." commune: CommuneCode,
                "Telephone at home." home_phone: Phone,
                "Telephone at work." work_phone: Phone,
                "Mobile telephone." mobile_phone: Phone,
                "E-mail address." email: Email,
                "Profession." profession: Line,
                "Socio-professional category (CSP)." csp: Line,
                "Employer." employer: Line,
                "Employer's address." employer_address: Line,
                "Whether e-mail may be sent." email_consent: Flag,
                "Whether text messages may be sent." sms_consent: Flag,
                "Affiliation body." affiliation_body: Line,
            }
            /// The spouse's card.
            Spouse [Family, Identity, Some("spouse.")] {
                "Civility: Monsieur, Madame." title: Title,
                "Surname." surname: RequiredName,
                "First name." first_name: RequiredName,
                "Street address." address: Line,
                "Postcode: five digits in France, else as the country writes it." postcode: Postcode,
                "Town." town: Line,
                "Country (ISO 3166-1 code, or its name); none: France." country: Country,
                "Telephone at home." home_phone: Phone,
                "Telephone at work." work_phone: Phone,
                "Mobile telephone." mobile_phone: Phone,
                "E-mail address." email: Email,
                "Profession." profession: Line,
                "Socio-professional category (CSP)." csp: Line,
                "Employer." employer: Line,
                "Employer's address." employer_address: Line,
                "Whether e-mail may be sent." email_consent: Flag,
                "Whether text messages may be sent." sms_consent: Flag,
            }
            /// Tax data.
            Tax [Family, Tax, Some("tax.")] {
                "Tax number: thirteen digits." tax_number: TaxNumber,
                "Year of the tax notice." notice_year: Year,
                "Reference income of the household, in euros." reference_income: Euros,
                "Number of tax shares of the household." shares: Shares,
            }
            /// Family-benefit data (CAF or MSA).
            Caf [Family, Caf, Some("caf.")] {
                "Fund: CAF or MSA." fund: Fund,
                "Beneficiary number." beneficiary_number: BeneficiaryNumber,
                "Household income quotient, in euros." income_quotient: Euros,
                "First day the quotient is valid." quotient_from: Day,
                "Last day the quotient is valid." quotient_to: Day,
            }
            /// Bank details and the direct-debit mandate.
            Bank [Family, Bank, Some("bank.")] {
                "Account holder." account_holder: Line,
                "Account holder in Latin letters, where the name is written in others." account_holder_latin: LatinName,
                "Bank." bank_name: Line,
                "IBAN." iban: Iban,
                "BIC." bic: Bic,
                "Whether invoices are paid by direct debit." direct_debit: Flag,
                "Reference of the SEPA mandate, as signed: 1 to 35 letters, digits, spaces and / - ? : ( ) . , ' +" mandate_reference: MandateReference,
                "Day the SEPA mandate was signed." mandate_signed_on: PastDay,
            }
            /// A child's identity.
            ChildIdentity [Child, Identity, Some("")] {
                "Surname." surname: RequiredName,
                "First name." first_name: RequiredName,
                "Date of birth." birth_date: ChildBirth,
                "Sex: F or M." sex: Sex,
                "Place of birth." birth_place: Line,
                "School." school: Line,
                "Class." class: Line,
            }
            /// What the family authorises for a child.
            Authorisations [Child, Identity, Some("authorisations.")] {
                "Photographs and films of the child may be used." image: Flag,
                "The child may go on outings." outings: Flag,
                "The child may be taken to hospital." hospital: Flag,
                "The child may leave alone." leave_alone: Flag,
                "The child may be transported." transport: Flag,
                "The child may swim." swimming: Flag,
            }
            /// Who may, and who may not, pick a child up.
            PickUp [Child, Identity, None] {
                "Persons authorised or barred." persons: Persons,
            }
            /// A child's health data.
            Health [Child, Health, Some("health.")] {
                "Wears glasses." glasses: Flag,
                "Wears a hearing aid." hearing_aid: Flag,
                "Allergies, one per entry." allergies: Words,
                "Has an individual care plan (PAI)." care_plan: Flag,
                "Last day the care plan is valid." care_plan_to: Day,
                "Needs particular care; its nature is not stored." particular_care: Flag,
                "Eats no pork." without_pork: Flag,
                "Doctor." doctor: Line,
                "Doctor's telephone." doctor_phone: Phone,
                "Compulsory vaccinations are up to date." vaccinated: Flag,
                "Vaccinations." vaccinations: Vaccinations,
            }
        }
    };
}
