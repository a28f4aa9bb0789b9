//! Why a message is refused: the reasons of Reject (3) and BusinessMessageReject (j), and what is done about them.

/// A session-level Reject: SessionRejectReason (373), and the tag it is about (371) as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    pub reason: u16,
    /// The tag; one below zero as its two's complement.
    pub tag: Option<u32>,
}

impl Fault {
    pub const REQUIRED_TAG_MISSING: u16 = 1;
    pub const VALUE_INCORRECT: u16 = 5;
    pub const FORMAT: u16 = 6;
    pub const COMP_ID: u16 = 9;
    pub const SENDING_TIME: u16 = 10;

    pub const fn of_tag(reason: u16, tag: u32) -> Self {
        Self { reason, tag: Some(tag) }
    }

    pub const fn of_message(reason: u16) -> Self {
        Self { reason, tag: None }
    }

    /// Text (58), in the standard's words.
    pub const fn text(self) -> &'static str {
        match self.reason {
            0 => "Invalid tag number",
            1 => "Required tag missing",
            2 => "Tag not defined for this message type",
            3 => "Undefined Tag",
            4 => "Tag specified without a value",
            5 => "Value is incorrect (out of range) for this tag",
            6 => "Incorrect data format for value",
            7 => "Decryption problem",
            8 => "Signature problem",
            9 => "CompID problem",
            10 => "SendingTime accuracy problem",
            11 => "Invalid MsgType",
            12 => "XML validation error",
            13 => "Tag appears more than once",
            14 => "Tag specified out of required order",
            15 => "Repeating group fields out of order",
            16 => "Incorrect NumInGroup count for repeating group",
            17 => "Non Data value includes field delimiter",
            18 => "Invalid/Unsupported Application Version",
            _ => "Other",
        }
    }
}

/// BusinessRejectReason (380).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum BusinessReason {
    Other = 0,
    UnknownId = 1,
    UnknownSecurity = 2,
    UnsupportedMessageType = 3,
    ApplicationNotAvailable = 4,
    ConditionallyRequiredFieldMissing = 5,
    NotAuthorized = 6,
}

impl BusinessReason {
    /// Text (58), in the standard's words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Other => "Other",
            Self::UnknownId => "Unknown ID",
            Self::UnknownSecurity => "Unknown Security",
            Self::UnsupportedMessageType => "Unsupported Message Type",
            Self::ApplicationNotAvailable => "Application not available",
            Self::ConditionallyRequiredFieldMissing => "Conditionally Required Field Missing",
            Self::NotAuthorized => "Not authorized",
        }
    }
}

/// Why an application lets nobody log on: the text of the Logout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogonRefusal(pub String);
