{
  "description": "zeek.sdc: what was announced or told of one medical device (Wardwatch)",
  "processors": [
    { "set": { "field": "event.dataset", "value": "sdc" } },
    { "remove": { "field": ["host"], "ignore_failure": true } },
    { "json": { "field": "message", "target_field": "message2", "ignore_failure": true } },
    { "rename": { "field": "message2.message", "target_field": "sdc.message", "ignore_missing": true } },
    { "rename": { "field": "message2.endpoint", "target_field": "sdc.endpoint", "ignore_missing": true } },
    { "rename": { "field": "message2.types", "target_field": "sdc.types", "ignore_missing": true } },
    { "rename": { "field": "message2.part", "target_field": "sdc.part", "ignore_missing": true } },
    { "rename": { "field": "message2.device_type", "target_field": "sdc.device_type", "ignore_missing": true } },
    { "rename": { "field": "message2.location", "target_field": "sdc.location", "ignore_missing": true } },
    { "rename": { "field": "message2.manufacturer", "target_field": "sdc.manufacturer", "ignore_missing": true } },
    { "rename": { "field": "message2.model_name", "target_field": "sdc.model_name", "ignore_missing": true } },
    { "rename": { "field": "message2.model_number", "target_field": "sdc.model_number", "ignore_missing": true } },
    { "rename": { "field": "message2.friendly_name", "target_field": "sdc.friendly_name", "ignore_missing": true } },
    { "rename": { "field": "message2.firmware_version", "target_field": "sdc.firmware_version", "ignore_missing": true } },
    { "rename": { "field": "message2.serial_number", "target_field": "sdc.serial_number", "ignore_missing": true } },
    { "rename": { "field": "message2.udi", "target_field": "sdc.udi", "ignore_missing": true } },
    { "rename": { "field": "message2.device_identifier", "target_field": "sdc.device_identifier", "ignore_missing": true } },
    { "rename": { "field": "message2.lot_number", "target_field": "sdc.lot_number", "ignore_missing": true } },
    { "rename": { "field": "message2.part_number", "target_field": "sdc.part_number", "ignore_missing": true } },
    { "rename": { "field": "message2.hardware_versions", "target_field": "sdc.hardware_versions", "ignore_missing": true } },
    { "rename": { "field": "message2.software_versions", "target_field": "sdc.software_versions", "ignore_missing": true } },
    { "rename": { "field": "message2.firmware_versions", "target_field": "sdc.firmware_versions", "ignore_missing": true } },
    { "pipeline": { "name": "zeek.common" } }
  ]
}
