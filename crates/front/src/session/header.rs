//! The standard header of what we send, in ascending order of tags after MsgType.
use isthmus_wire::fix::encode::Encoder;
use isthmus_wire::fix::index::data_tag;

use super::Settings;

pub mod tag {
    pub const BEGIN_SEQ_NO: u32 = 7;
    pub const BEGIN_STRING: u32 = 8;
    pub const END_SEQ_NO: u32 = 16;
    pub const MSG_SEQ_NUM: u32 = 34;
    pub const NEW_SEQ_NO: u32 = 36;
    pub const POSS_DUP_FLAG: u32 = 43;
    pub const REF_SEQ_NUM: u32 = 45;
    pub const SENDER_COMP_ID: u32 = 49;
    pub const SENDER_SUB_ID: u32 = 50;
    pub const SENDING_TIME: u32 = 52;
    pub const TARGET_COMP_ID: u32 = 56;
    pub const TARGET_SUB_ID: u32 = 57;
    pub const TEXT: u32 = 58;
    pub const ENCRYPT_METHOD: u32 = 98;
    pub const HEART_BT_INT: u32 = 108;
    pub const TEST_REQ_ID: u32 = 112;
    pub const ON_BEHALF_OF_COMP_ID: u32 = 115;
    pub const ON_BEHALF_OF_SUB_ID: u32 = 116;
    pub const ORIG_SENDING_TIME: u32 = 122;
    pub const GAP_FILL_FLAG: u32 = 123;
    pub const DELIVER_TO_COMP_ID: u32 = 128;
    pub const DELIVER_TO_SUB_ID: u32 = 129;
    pub const RESET_SEQ_NUM_FLAG: u32 = 141;
    pub const ON_BEHALF_OF_LOCATION_ID: u32 = 144;
    pub const DELIVER_TO_LOCATION_ID: u32 = 145;
    pub const LAST_MSG_SEQ_NUM_PROCESSED: u32 = 369;
    pub const REF_TAG_ID: u32 = 371;
    pub const REF_MSG_TYPE: u32 = 372;
    pub const SESSION_REJECT_REASON: u32 = 373;
    pub const BUSINESS_REJECT_REF_ID: u32 = 379;
    pub const BUSINESS_REJECT_REASON: u32 = 380;
    pub const TEST_MESSAGE_INDICATOR: u32 = 464;
    pub const USERNAME: u32 = 553;
    pub const PASSWORD: u32 = 554;
    pub const NEXT_EXPECTED_MSG_SEQ_NUM: u32 = 789;
    pub const DEFAULT_APPL_VER_ID: u32 = 1137;
}

/// Whether a tag belongs to the standard header, FIX 4.2 to FIXT 1.1.
pub const fn is_header(tag: u32) -> bool {
    matches!(
        tag,
        8 | 9
            | 34
            | 35
            | 43
            | 49
            | 50
            | 52
            | 56
            | 57
            | 90
            | 91
            | 97
            | 115
            | 116
            | 122
            | 128
            | 129
            | 142..=145
            | 212
            | 213
            | 347
            | 369
            | 370
            | 627..=630
            | 1128
            | 1129
            | 1156
    )
}

/// When a message that is sent again was sent first.
#[derive(Clone, Copy)]
pub enum Original<'a> {
    /// As it was written then.
    At(&'a [u8]),
    /// Never: what is sent stands for messages that are not.
    Now,
}

/// The fields of one header that are the session's; everything else is in `extra`.
pub struct Header<'a> {
    pub number: u64,
    pub now: u64,
    /// Sent before: PossDupFlag and OrigSendingTime.
    pub duplicate_of: Option<Original<'a>>,
    pub processed: Option<u64>,
    /// Further fields of the header, ascending; those that the session writes itself are passed over.
    pub extra: &'a [(u32, &'a [u8])],
}

impl Header<'_> {
    /// Writes it behind MsgType.
    pub fn write(&self, settings: &Settings, encoder: &mut Encoder) {
        let mut extra = self.extra;
        let mut upto = |encoder: &mut Encoder, tag: u32| {
            while let Some(((found, value), rest)) = extra.split_first() {
                if *found > tag {
                    break;
                }
                extra = match rest.split_first() {
                    Some(((data, bytes), after)) if data_tag(*found) == Some(*data) => {
                        encoder.data(*found, bytes);
                        after
                    }
                    _ => {
                        if *found < tag {
                            encoder.field(*found, value);
                        }
                        rest
                    }
                };
            }
        };
        upto(encoder, tag::MSG_SEQ_NUM);
        encoder.int(tag::MSG_SEQ_NUM, self.number as i64);
        if self.duplicate_of.is_some() {
            upto(encoder, tag::POSS_DUP_FLAG);
            encoder.char(tag::POSS_DUP_FLAG, b'Y');
        }
        upto(encoder, tag::SENDER_COMP_ID);
        encoder.field(tag::SENDER_COMP_ID, &settings.identity.sender);
        if let Some(sub) = &settings.sender_sub {
            upto(encoder, tag::SENDER_SUB_ID);
            encoder.field(tag::SENDER_SUB_ID, sub);
        }
        upto(encoder, tag::SENDING_TIME);
        encoder.time(tag::SENDING_TIME, self.now, settings.timestamp_digits);
        upto(encoder, tag::TARGET_COMP_ID);
        encoder.field(tag::TARGET_COMP_ID, &settings.identity.target);
        if let Some(sub) = &settings.target_sub {
            upto(encoder, tag::TARGET_SUB_ID);
            encoder.field(tag::TARGET_SUB_ID, sub);
        }
        if let Some(original) = self.duplicate_of {
            upto(encoder, tag::ORIG_SENDING_TIME);
            match original {
                Original::At(time) => encoder.field(tag::ORIG_SENDING_TIME, time),
                Original::Now => encoder.time(tag::ORIG_SENDING_TIME, self.now, settings.timestamp_digits),
            }
        }
        if let Some(processed) = self.processed {
            upto(encoder, tag::LAST_MSG_SEQ_NUM_PROCESSED);
            encoder.int(tag::LAST_MSG_SEQ_NUM_PROCESSED, processed as i64);
        }
        upto(encoder, u32::MAX);
    }
}
