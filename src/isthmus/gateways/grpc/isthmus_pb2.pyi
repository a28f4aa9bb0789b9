from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class NewOrder(_message.Message):
    __slots__ = ("instrument", "side", "quantity", "type", "time_in_force", "price", "post_only", "client_order_id", "venue", "account", "session", "slide", "hidden", "all_or_none", "reduce_only", "short", "stop_price", "offset", "trigger", "peg", "display_quantity", "display_quantity_max", "min_quantity", "expires_at", "one_cancels", "parent", "request", "path", "path_parameters", "until", "max_participation", "urgency", "basket")
    INSTRUMENT_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TIME_IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    POST_ONLY_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    SLIDE_FIELD_NUMBER: _ClassVar[int]
    HIDDEN_FIELD_NUMBER: _ClassVar[int]
    ALL_OR_NONE_FIELD_NUMBER: _ClassVar[int]
    REDUCE_ONLY_FIELD_NUMBER: _ClassVar[int]
    SHORT_FIELD_NUMBER: _ClassVar[int]
    STOP_PRICE_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_FIELD_NUMBER: _ClassVar[int]
    PEG_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_QUANTITY_MAX_FIELD_NUMBER: _ClassVar[int]
    MIN_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    ONE_CANCELS_FIELD_NUMBER: _ClassVar[int]
    PARENT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    PATH_PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    MAX_PARTICIPATION_FIELD_NUMBER: _ClassVar[int]
    URGENCY_FIELD_NUMBER: _ClassVar[int]
    BASKET_FIELD_NUMBER: _ClassVar[int]
    instrument: str
    side: str
    quantity: str
    type: str
    time_in_force: str
    price: str
    post_only: bool
    client_order_id: str
    venue: str
    account: str
    session: int
    slide: bool
    hidden: bool
    all_or_none: bool
    reduce_only: bool
    short: bool
    stop_price: str
    offset: str
    trigger: str
    peg: str
    display_quantity: str
    display_quantity_max: str
    min_quantity: str
    expires_at: str
    one_cancels: str
    parent: str
    request: str
    path: str
    path_parameters: _struct_pb2.Struct
    until: str
    max_participation: str
    urgency: float
    basket: str
    def __init__(self, instrument: _Optional[str] = ..., side: _Optional[str] = ..., quantity: _Optional[str] = ..., type: _Optional[str] = ..., time_in_force: _Optional[str] = ..., price: _Optional[str] = ..., post_only: _Optional[bool] = ..., client_order_id: _Optional[str] = ..., venue: _Optional[str] = ..., account: _Optional[str] = ..., session: _Optional[int] = ..., slide: _Optional[bool] = ..., hidden: _Optional[bool] = ..., all_or_none: _Optional[bool] = ..., reduce_only: _Optional[bool] = ..., short: _Optional[bool] = ..., stop_price: _Optional[str] = ..., offset: _Optional[str] = ..., trigger: _Optional[str] = ..., peg: _Optional[str] = ..., display_quantity: _Optional[str] = ..., display_quantity_max: _Optional[str] = ..., min_quantity: _Optional[str] = ..., expires_at: _Optional[str] = ..., one_cancels: _Optional[str] = ..., parent: _Optional[str] = ..., request: _Optional[str] = ..., path: _Optional[str] = ..., path_parameters: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., until: _Optional[str] = ..., max_participation: _Optional[str] = ..., urgency: _Optional[float] = ..., basket: _Optional[str] = ...) -> None: ...

class OrderChange(_message.Message):
    __slots__ = ("id", "price", "quantity", "client_order_id", "reduce_by", "stop_price", "offset", "display_quantity", "min_quantity", "expires_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    REDUCE_BY_FIELD_NUMBER: _ClassVar[int]
    STOP_PRICE_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    MIN_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    price: str
    quantity: str
    client_order_id: str
    reduce_by: str
    stop_price: str
    offset: str
    display_quantity: str
    min_quantity: str
    expires_at: str
    def __init__(self, id: _Optional[str] = ..., price: _Optional[str] = ..., quantity: _Optional[str] = ..., client_order_id: _Optional[str] = ..., reduce_by: _Optional[str] = ..., stop_price: _Optional[str] = ..., offset: _Optional[str] = ..., display_quantity: _Optional[str] = ..., min_quantity: _Optional[str] = ..., expires_at: _Optional[str] = ...) -> None: ...

class OrderName(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class OrdersMeant(_message.Message):
    __slots__ = ("account", "instrument", "side", "session")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    account: str
    instrument: str
    side: str
    session: int
    def __init__(self, account: _Optional[str] = ..., instrument: _Optional[str] = ..., side: _Optional[str] = ..., session: _Optional[int] = ...) -> None: ...

class CancelledOrders(_message.Message):
    __slots__ = ("cancelled",)
    CANCELLED_FIELD_NUMBER: _ClassVar[int]
    cancelled: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, cancelled: _Optional[_Iterable[str]] = ...) -> None: ...

class OrdersWanted(_message.Message):
    __slots__ = ("account", "status", "instrument", "limit", "cursor", "children")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    CHILDREN_FIELD_NUMBER: _ClassVar[int]
    account: str
    status: str
    instrument: str
    limit: int
    cursor: str
    children: bool
    def __init__(self, account: _Optional[str] = ..., status: _Optional[str] = ..., instrument: _Optional[str] = ..., limit: _Optional[int] = ..., cursor: _Optional[str] = ..., children: _Optional[bool] = ...) -> None: ...

class Orders(_message.Message):
    __slots__ = ("data", "next")
    DATA_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    data: _containers.RepeatedCompositeFieldContainer[Order]
    next: str
    def __init__(self, data: _Optional[_Iterable[_Union[Order, _Mapping]]] = ..., next: _Optional[str] = ...) -> None: ...

class Order(_message.Message):
    __slots__ = ("id", "account", "instrument", "venue", "side", "type", "time_in_force", "post_only", "price", "quantity", "filled", "remaining", "average_price", "status", "reason", "client_order_id", "hold", "hold_asset", "created_at", "updated_at", "record", "routing", "waits_for", "flags", "terms", "path", "parent_order")
    class TermsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TIME_IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    POST_ONLY_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    FILLED_FIELD_NUMBER: _ClassVar[int]
    REMAINING_FIELD_NUMBER: _ClassVar[int]
    AVERAGE_PRICE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    HOLD_FIELD_NUMBER: _ClassVar[int]
    HOLD_ASSET_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    ROUTING_FIELD_NUMBER: _ClassVar[int]
    WAITS_FOR_FIELD_NUMBER: _ClassVar[int]
    FLAGS_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    PARENT_ORDER_FIELD_NUMBER: _ClassVar[int]
    id: str
    account: str
    instrument: str
    venue: str
    side: str
    type: str
    time_in_force: str
    post_only: bool
    price: str
    quantity: str
    filled: str
    remaining: str
    average_price: str
    status: str
    reason: str
    client_order_id: str
    hold: str
    hold_asset: str
    created_at: str
    updated_at: str
    record: str
    routing: str
    waits_for: str
    flags: _containers.RepeatedScalarFieldContainer[str]
    terms: _containers.ScalarMap[str, str]
    path: str
    parent_order: str
    def __init__(self, id: _Optional[str] = ..., account: _Optional[str] = ..., instrument: _Optional[str] = ..., venue: _Optional[str] = ..., side: _Optional[str] = ..., type: _Optional[str] = ..., time_in_force: _Optional[str] = ..., post_only: _Optional[bool] = ..., price: _Optional[str] = ..., quantity: _Optional[str] = ..., filled: _Optional[str] = ..., remaining: _Optional[str] = ..., average_price: _Optional[str] = ..., status: _Optional[str] = ..., reason: _Optional[str] = ..., client_order_id: _Optional[str] = ..., hold: _Optional[str] = ..., hold_asset: _Optional[str] = ..., created_at: _Optional[str] = ..., updated_at: _Optional[str] = ..., record: _Optional[str] = ..., routing: _Optional[str] = ..., waits_for: _Optional[str] = ..., flags: _Optional[_Iterable[str]] = ..., terms: _Optional[_Mapping[str, str]] = ..., path: _Optional[str] = ..., parent_order: _Optional[str] = ...) -> None: ...

class Fill(_message.Message):
    __slots__ = ("id", "order", "account", "instrument", "side", "price", "quantity", "fee", "fee_asset", "liquidity", "venue", "time", "record")
    ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    INSTRUMENT_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    FEE_FIELD_NUMBER: _ClassVar[int]
    FEE_ASSET_FIELD_NUMBER: _ClassVar[int]
    LIQUIDITY_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    id: str
    order: str
    account: str
    instrument: str
    side: str
    price: str
    quantity: str
    fee: str
    fee_asset: str
    liquidity: str
    venue: str
    time: str
    record: str
    def __init__(self, id: _Optional[str] = ..., order: _Optional[str] = ..., account: _Optional[str] = ..., instrument: _Optional[str] = ..., side: _Optional[str] = ..., price: _Optional[str] = ..., quantity: _Optional[str] = ..., fee: _Optional[str] = ..., fee_asset: _Optional[str] = ..., liquidity: _Optional[str] = ..., venue: _Optional[str] = ..., time: _Optional[str] = ..., record: _Optional[str] = ...) -> None: ...

class ExecutionsWanted(_message.Message):
    __slots__ = ("account",)
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    account: str
    def __init__(self, account: _Optional[str] = ...) -> None: ...

class Execution(_message.Message):
    __slots__ = ("standing", "order", "fill", "live")
    STANDING_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    FILL_FIELD_NUMBER: _ClassVar[int]
    LIVE_FIELD_NUMBER: _ClassVar[int]
    standing: Order
    order: Order
    fill: Fill
    live: bool
    def __init__(self, standing: _Optional[_Union[Order, _Mapping]] = ..., order: _Optional[_Union[Order, _Mapping]] = ..., fill: _Optional[_Union[Fill, _Mapping]] = ..., live: _Optional[bool] = ...) -> None: ...

class BookWanted(_message.Message):
    __slots__ = ("instrument", "venue", "depth")
    INSTRUMENT_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    DEPTH_FIELD_NUMBER: _ClassVar[int]
    instrument: str
    venue: str
    depth: int
    def __init__(self, instrument: _Optional[str] = ..., venue: _Optional[str] = ..., depth: _Optional[int] = ...) -> None: ...

class BookLevels(_message.Message):
    __slots__ = ("instrument", "venue", "sequence", "bids", "asks")
    INSTRUMENT_FIELD_NUMBER: _ClassVar[int]
    VENUE_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    BIDS_FIELD_NUMBER: _ClassVar[int]
    ASKS_FIELD_NUMBER: _ClassVar[int]
    instrument: str
    venue: str
    sequence: int
    bids: _containers.RepeatedCompositeFieldContainer[Level]
    asks: _containers.RepeatedCompositeFieldContainer[Level]
    def __init__(self, instrument: _Optional[str] = ..., venue: _Optional[str] = ..., sequence: _Optional[int] = ..., bids: _Optional[_Iterable[_Union[Level, _Mapping]]] = ..., asks: _Optional[_Iterable[_Union[Level, _Mapping]]] = ...) -> None: ...

class Level(_message.Message):
    __slots__ = ("price", "quantity", "orders")
    PRICE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    price: str
    quantity: str
    orders: int
    def __init__(self, price: _Optional[str] = ..., quantity: _Optional[str] = ..., orders: _Optional[int] = ...) -> None: ...
