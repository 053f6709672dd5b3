-- Shared counts are read by whom their owner chose: the region, the province, everybody. What is an exercise meets
-- exercises only; made-up towns have no municipality, so they are neighbours of each other.
CREATE POLICY fence_reach ON listening_sharedday FOR SELECT USING (EXISTS (
    SELECT FROM tenancy_organisation theirs
    JOIN tenancy_organisation ours ON ours.is_demo = theirs.is_demo
    LEFT JOIN tenancy_municipality there ON there.id = theirs.municipality_id
    LEFT JOIN tenancy_municipality here ON here.id = ours.municipality_id
    WHERE theirs.id = listening_sharedday.organisation_id
      AND ours.id = ANY (current_setting('klankbord.organisations')::bigint[])
      AND (reach = 'country' OR ours.is_demo
           OR reach = 'province' AND here.province = there.province
           OR reach = 'region' AND here.safety_region = there.safety_region AND here.safety_region <> '')
));

-- the dossiers that every organisation has about its own place always run
UPDATE listening_dossier SET state = 'active', started_at = created_at WHERE is_place;
