//! What a command is written as: its name with its fields, whatever its area; those about money inside of
//! `money`. The log's hashes are made of this form, so it does not follow the areas when they change.

use std::fmt;

use serde::de::IntoDeserializer;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeSeed, EnumAccess, Error, VariantAccess, Visitor, value::EnumAccessDeserializer},
};
use strum::VariantNames;

use super::Command;
use crate::{
    attendance::command::AttendanceCommand, catalogue::command::CatalogueCommand,
    correspondence::command::CorrespondenceCommand, families::command::FamiliesCommand,
    governance::command::GovernanceCommand, privacy::command::PrivacyCommand,
};

/// The name that commands about money are written inside of.
const MONEY: &str = "money";

impl Serialize for Command {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Attendance(command) => command.serialize(serializer),
            Self::Catalogue(command) => command.serialize(serializer),
            Self::Correspondence(command) => command.serialize(serializer),
            Self::Families(command) => command.serialize(serializer),
            Self::Governance(command) => command.serialize(serializer),
            Self::Money(command) => serializer.serialize_newtype_variant("Command", 0, MONEY, command),
            Self::Privacy(command) => command.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Command {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_enum("Command", &[], ByName)
    }
}

/// Reads a command's name, then the fields as those of the area that has the name.
struct ByName;

impl<'de> Visitor<'de> for ByName {
    type Value = Command;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a command: its name with its fields")
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<Command, A::Error> {
        let (name, fields) = access.variant::<String>()?;
        if name == MONEY {
            return fields.newtype_variant().map(Command::Money);
        }
        let mut known = vec![MONEY];
        macro_rules! area {
            ($($command:ty),+) => { $(
                if <$command>::VARIANTS.contains(&name.as_str()) {
                    let named = EnumAccessDeserializer::new(Named { name, fields });
                    return <$command>::deserialize(named).map(Command::from);
                }
                known.extend(<$command>::VARIANTS);
            )+ };
        }
        area!(
            AttendanceCommand,
            CatalogueCommand,
            CorrespondenceCommand,
            FamiliesCommand,
            GovernanceCommand,
            PrivacyCommand
        );
        Err(A::Error::custom(format_args!("{name} is no command: one of {} is expected", known.join(", "))))
    }
}

/// A command whose name was read.
struct Named<V> {
    name: String,
    fields: V,
}

impl<'de, V: VariantAccess<'de>> EnumAccess<'de> for Named<V> {
    type Error = V::Error;
    type Variant = V;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, V), V::Error> {
        Ok((seed.deserialize(self.name.into_deserializer())?, self.fields))
    }
}
