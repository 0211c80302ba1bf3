-- The tables of Question2Answer 1.8 (db_version 67), as its installer makes them; MySQL's own form, translated for
-- SQLite by TranslateDDL. Parents stand before the tables that refer to them. utf8 is MySQL's name of utf8mb3, which
-- the installer chooses; {name} is the table's name with the site's prefix.

CREATE TABLE `{blobs}` (
  `blobid` bigint(20) unsigned NOT NULL,
  `format` varchar(20) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL,
  `content` mediumblob DEFAULT NULL,
  `filename` varchar(255) DEFAULT NULL,
  `userid` int(10) unsigned DEFAULT NULL,
  `cookieid` bigint(20) unsigned DEFAULT NULL,
  `createip` varbinary(16) DEFAULT NULL,
  `created` datetime DEFAULT NULL,
  PRIMARY KEY (`blobid`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{cache}` (
  `type` char(8) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL,
  `cacheid` bigint(20) unsigned NOT NULL DEFAULT 0,
  `content` mediumblob NOT NULL,
  `created` datetime NOT NULL,
  `lastread` datetime NOT NULL,
  PRIMARY KEY (`type`,`cacheid`),
  KEY `lastread` (`lastread`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{categories}` (
  `categoryid` int(10) unsigned NOT NULL AUTO_INCREMENT,
  `parentid` int(10) unsigned DEFAULT NULL,
  `title` varchar(80) NOT NULL,
  `tags` varchar(200) NOT NULL,
  `content` varchar(800) NOT NULL DEFAULT '',
  `qcount` int(10) unsigned NOT NULL DEFAULT 0,
  `position` smallint(5) unsigned NOT NULL,
  `backpath` varchar(804) NOT NULL DEFAULT '',
  PRIMARY KEY (`categoryid`),
  UNIQUE KEY `parentid` (`parentid`,`tags`),
  UNIQUE KEY `parentid_2` (`parentid`,`position`),
  KEY `backpath` (`backpath`(200))
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{categorymetas}` (
  `categoryid` int(10) unsigned NOT NULL,
  `title` varchar(40) NOT NULL,
  `content` varchar(8000) NOT NULL,
  PRIMARY KEY (`categoryid`,`title`),
  CONSTRAINT `{categorymetas}_ibfk_1` FOREIGN KEY (`categoryid`) REFERENCES `{categories}` (`categoryid`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{cookies}` (
  `cookieid` bigint(20) unsigned NOT NULL,
  `created` datetime NOT NULL,
  `createip` varbinary(16) NOT NULL,
  `written` datetime DEFAULT NULL,
  `writeip` varbinary(16) DEFAULT NULL,
  PRIMARY KEY (`cookieid`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{iplimits}` (
  `ip` varbinary(16) NOT NULL,
  `action` char(1) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL,
  `period` int(10) unsigned NOT NULL,
  `count` smallint(5) unsigned NOT NULL,
  UNIQUE KEY `ip` (`ip`,`action`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{options}` (
  `title` varchar(40) NOT NULL,
  `content` varchar(12000) NOT NULL,
  PRIMARY KEY (`title`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{pages}` (
  `pageid` smallint(5) unsigned NOT NULL AUTO_INCREMENT,
  `title` varchar(80) NOT NULL,
  `nav` char(1) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL,
  `position` smallint(5) unsigned NOT NULL,
  `flags` tinyint(3) unsigned NOT NULL,
  `permit` tinyint(3) unsigned DEFAULT NULL,
  `tags` varchar(200) NOT NULL,
  `heading` varchar(800) DEFAULT NULL,
  `content` mediumtext DEFAULT NULL,
  PRIMARY KEY (`pageid`),
  UNIQUE KEY `position` (`position`),
  KEY `tags` (`tags`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{sharedevents}` (
  `entitytype` char(1) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL,
  `entityid` int(10) unsigned NOT NULL,
  `questionid` int(10) unsigned NOT NULL,
  `lastpostid` int(10) unsigned NOT NULL,
  `updatetype` char(1) CHARACTER SET ascii COLLATE ascii_general_ci DEFAULT NULL,
  `lastuserid` int(10) unsigned DEFAULT NULL,
  `updated` datetime NOT NULL,
  KEY `entitytype` (`entitytype`,`entityid`,`updated`),
  KEY `questionid` (`questionid`,`entitytype`,`entityid`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{tagmetas}` (
  `tag` varchar(80) NOT NULL,
  `title` varchar(40) NOT NULL,
  `content` varchar(8000) NOT NULL,
  PRIMARY KEY (`tag`,`title`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{userfields}` (
  `fieldid` smallint(5) unsigned NOT NULL AUTO_INCREMENT,
  `title` varchar(40) NOT NULL,
  `content` varchar(40) DEFAULT NULL,
  `position` smallint(5) unsigned NOT NULL,
  `flags` tinyint(3) unsigned NOT NULL,
  `permit` tinyint(3) unsigned DEFAULT NULL,
  PRIMARY KEY (`fieldid`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{userpoints}` (
  `userid` int(10) unsigned NOT NULL,
  `points` int(11) NOT NULL DEFAULT 0,
  `qposts` mediumint(9) NOT NULL DEFAULT 0,
  `aposts` mediumint(9) NOT NULL DEFAULT 0,
  `cposts` mediumint(9) NOT NULL DEFAULT 0,
  `aselects` mediumint(9) NOT NULL DEFAULT 0,
  `aselecteds` mediumint(9) NOT NULL DEFAULT 0,
  `qupvotes` mediumint(9) NOT NULL DEFAULT 0,
  `qdownvotes` mediumint(9) NOT NULL DEFAULT 0,
  `aupvotes` mediumint(9) NOT NULL DEFAULT 0,
  `adownvotes` mediumint(9) NOT NULL DEFAULT 0,
  `cupvotes` mediumint(9) NOT NULL DEFAULT 0,
  `cdownvotes` mediumint(9) NOT NULL DEFAULT 0,
  `qvoteds` int(11) NOT NULL DEFAULT 0,
  `avoteds` int(11) NOT NULL DEFAULT 0,
  `cvoteds` int(11) NOT NULL DEFAULT 0,
  `upvoteds` int(11) NOT NULL DEFAULT 0,
  `downvoteds` int(11) NOT NULL DEFAULT 0,
  `bonus` int(11) NOT NULL DEFAULT 0,
  PRIMARY KEY (`userid`),
  KEY `points` (`points`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{users}` (
  `userid` int(10) unsigned NOT NULL AUTO_INCREMENT,
  `created` datetime NOT NULL,
  `createip` varbinary(16) NOT NULL,
  `email` varchar(80) NOT NULL,
  `handle` varchar(20) NOT NULL,
  `avatarblobid` bigint(20) unsigned DEFAULT NULL,
  `avatarwidth` smallint(5) unsigned DEFAULT NULL,
  `avatarheight` smallint(5) unsigned DEFAULT NULL,
  `passsalt` binary(16) DEFAULT NULL,
  `passcheck` binary(20) DEFAULT NULL,
  `passhash` varchar(255) CHARACTER SET utf8 COLLATE utf8_bin DEFAULT NULL,
  `level` tinyint(3) unsigned NOT NULL,
  `loggedin` datetime NOT NULL,
  `loginip` varbinary(16) NOT NULL,
  `written` datetime DEFAULT NULL,
  `writeip` varbinary(16) DEFAULT NULL,
  `emailcode` char(8) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT '',
  `sessioncode` char(8) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT '',
  `sessionsource` varchar(16) CHARACTER SET ascii COLLATE ascii_general_ci DEFAULT '',
  `flags` smallint(5) unsigned NOT NULL DEFAULT 0,
  `wallposts` mediumint(9) NOT NULL DEFAULT 0,
  PRIMARY KEY (`userid`),
  KEY `email` (`email`),
  KEY `handle` (`handle`),
  KEY `level` (`level`),
  KEY `created` (`created`,`level`,`flags`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{widgets}` (
  `widgetid` smallint(5) unsigned NOT NULL AUTO_INCREMENT,
  `place` char(2) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL,
  `position` smallint(5) unsigned NOT NULL,
  `tags` varchar(800) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL,
  `title` varchar(80) NOT NULL,
  PRIMARY KEY (`widgetid`),
  UNIQUE KEY `position` (`position`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{words}` (
  `wordid` int(10) unsigned NOT NULL AUTO_INCREMENT,
  `word` varchar(80) NOT NULL,
  `titlecount` int(10) unsigned NOT NULL DEFAULT 0,
  `contentcount` int(10) unsigned NOT NULL DEFAULT 0,
  `tagwordcount` int(10) unsigned NOT NULL DEFAULT 0,
  `tagcount` int(10) unsigned NOT NULL DEFAULT 0,
  PRIMARY KEY (`wordid`),
  KEY `word` (`word`),
  KEY `tagcount` (`tagcount`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{messages}` (
  `messageid` int(10) unsigned NOT NULL AUTO_INCREMENT,
  `type` enum('PUBLIC','PRIVATE') NOT NULL DEFAULT 'PRIVATE',
  `fromuserid` int(10) unsigned DEFAULT NULL,
  `touserid` int(10) unsigned DEFAULT NULL,
  `fromhidden` tinyint(1) unsigned NOT NULL DEFAULT 0,
  `tohidden` tinyint(1) unsigned NOT NULL DEFAULT 0,
  `content` varchar(12000) NOT NULL,
  `format` varchar(20) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL,
  `created` datetime NOT NULL,
  PRIMARY KEY (`messageid`),
  KEY `type` (`type`,`fromuserid`,`touserid`,`created`),
  KEY `touserid` (`touserid`,`type`,`created`),
  KEY `fromhidden` (`fromhidden`),
  KEY `tohidden` (`tohidden`),
  KEY `{messages}_ibfk_1` (`fromuserid`),
  CONSTRAINT `{messages}_ibfk_1` FOREIGN KEY (`fromuserid`) REFERENCES `{users}` (`userid`) ON DELETE SET NULL,
  CONSTRAINT `{messages}_ibfk_2` FOREIGN KEY (`touserid`) REFERENCES `{users}` (`userid`) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{posts}` (
  `postid` int(10) unsigned NOT NULL AUTO_INCREMENT,
  `type` enum('Q','A','C','Q_HIDDEN','A_HIDDEN','C_HIDDEN','Q_QUEUED','A_QUEUED','C_QUEUED','NOTE') NOT NULL,
  `parentid` int(10) unsigned DEFAULT NULL,
  `categoryid` int(10) unsigned DEFAULT NULL,
  `catidpath1` int(10) unsigned DEFAULT NULL,
  `catidpath2` int(10) unsigned DEFAULT NULL,
  `catidpath3` int(10) unsigned DEFAULT NULL,
  `acount` smallint(5) unsigned NOT NULL DEFAULT 0,
  `amaxvote` smallint(5) unsigned NOT NULL DEFAULT 0,
  `selchildid` int(10) unsigned DEFAULT NULL,
  `closedbyid` int(10) unsigned DEFAULT NULL,
  `userid` int(10) unsigned DEFAULT NULL,
  `cookieid` bigint(20) unsigned DEFAULT NULL,
  `createip` varbinary(16) DEFAULT NULL,
  `lastuserid` int(10) unsigned DEFAULT NULL,
  `lastip` varbinary(16) DEFAULT NULL,
  `upvotes` smallint(5) unsigned NOT NULL DEFAULT 0,
  `downvotes` smallint(5) unsigned NOT NULL DEFAULT 0,
  `netvotes` smallint(6) NOT NULL DEFAULT 0,
  `lastviewip` varbinary(16) DEFAULT NULL,
  `views` int(10) unsigned NOT NULL DEFAULT 0,
  `hotness` float DEFAULT NULL,
  `flagcount` tinyint(3) unsigned NOT NULL DEFAULT 0,
  `format` varchar(20) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL DEFAULT '',
  `created` datetime NOT NULL,
  `updated` datetime DEFAULT NULL,
  `updatetype` char(1) CHARACTER SET ascii COLLATE ascii_general_ci DEFAULT NULL,
  `title` varchar(800) DEFAULT NULL,
  `content` varchar(12000) DEFAULT NULL,
  `tags` varchar(800) DEFAULT NULL,
  `name` varchar(40) DEFAULT NULL,
  `notify` varchar(80) DEFAULT NULL,
  PRIMARY KEY (`postid`),
  KEY `type` (`type`,`created`),
  KEY `type_2` (`type`,`acount`,`created`),
  KEY `type_4` (`type`,`netvotes`,`created`),
  KEY `type_5` (`type`,`views`,`created`),
  KEY `type_6` (`type`,`hotness`),
  KEY `type_7` (`type`,`amaxvote`,`created`),
  KEY `parentid` (`parentid`,`type`),
  KEY `userid` (`userid`,`type`,`created`),
  KEY `selchildid` (`selchildid`,`type`,`created`),
  KEY `closedbyid` (`closedbyid`),
  KEY `catidpath1` (`catidpath1`,`type`,`created`),
  KEY `catidpath2` (`catidpath2`,`type`,`created`),
  KEY `catidpath3` (`catidpath3`,`type`,`created`),
  KEY `categoryid` (`categoryid`,`type`,`created`),
  KEY `createip` (`createip`,`created`),
  KEY `updated` (`updated`,`type`),
  KEY `flagcount` (`flagcount`,`created`,`type`),
  KEY `catidpath1_2` (`catidpath1`,`updated`,`type`),
  KEY `catidpath2_2` (`catidpath2`,`updated`,`type`),
  KEY `catidpath3_2` (`catidpath3`,`updated`,`type`),
  KEY `categoryid_2` (`categoryid`,`updated`,`type`),
  KEY `lastuserid` (`lastuserid`,`updated`,`type`),
  KEY `lastip` (`lastip`,`updated`,`type`),
  CONSTRAINT `{posts}_ibfk_1` FOREIGN KEY (`userid`) REFERENCES `{users}` (`userid`) ON DELETE SET NULL,
  CONSTRAINT `{posts}_ibfk_2` FOREIGN KEY (`parentid`) REFERENCES `{posts}` (`postid`),
  CONSTRAINT `{posts}_ibfk_3` FOREIGN KEY (`categoryid`) REFERENCES `{categories}` (`categoryid`) ON DELETE SET NULL,
  CONSTRAINT `{posts}_ibfk_4` FOREIGN KEY (`closedbyid`) REFERENCES `{posts}` (`postid`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{posttags}` (
  `postid` int(10) unsigned NOT NULL,
  `wordid` int(10) unsigned NOT NULL,
  `postcreated` datetime NOT NULL,
  KEY `postid` (`postid`),
  KEY `wordid` (`wordid`,`postcreated`),
  CONSTRAINT `{posttags}_ibfk_1` FOREIGN KEY (`postid`) REFERENCES `{posts}` (`postid`) ON DELETE CASCADE,
  CONSTRAINT `{posttags}_ibfk_2` FOREIGN KEY (`wordid`) REFERENCES `{words}` (`wordid`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{tagwords}` (
  `postid` int(10) unsigned NOT NULL,
  `wordid` int(10) unsigned NOT NULL,
  KEY `postid` (`postid`),
  KEY `wordid` (`wordid`),
  CONSTRAINT `{tagwords}_ibfk_1` FOREIGN KEY (`postid`) REFERENCES `{posts}` (`postid`) ON DELETE CASCADE,
  CONSTRAINT `{tagwords}_ibfk_2` FOREIGN KEY (`wordid`) REFERENCES `{words}` (`wordid`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{titlewords}` (
  `postid` int(10) unsigned NOT NULL,
  `wordid` int(10) unsigned NOT NULL,
  KEY `postid` (`postid`),
  KEY `wordid` (`wordid`),
  CONSTRAINT `{titlewords}_ibfk_1` FOREIGN KEY (`postid`) REFERENCES `{posts}` (`postid`) ON DELETE CASCADE,
  CONSTRAINT `{titlewords}_ibfk_2` FOREIGN KEY (`wordid`) REFERENCES `{words}` (`wordid`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{userevents}` (
  `userid` int(10) unsigned NOT NULL,
  `entitytype` char(1) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL,
  `entityid` int(10) unsigned NOT NULL,
  `questionid` int(10) unsigned NOT NULL,
  `lastpostid` int(10) unsigned NOT NULL,
  `updatetype` char(1) CHARACTER SET ascii COLLATE ascii_general_ci DEFAULT NULL,
  `lastuserid` int(10) unsigned DEFAULT NULL,
  `updated` datetime NOT NULL,
  KEY `userid` (`userid`,`updated`),
  KEY `questionid` (`questionid`,`userid`),
  CONSTRAINT `{userevents}_ibfk_1` FOREIGN KEY (`userid`) REFERENCES `{users}` (`userid`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{userfavorites}` (
  `userid` int(10) unsigned NOT NULL,
  `entitytype` char(1) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL,
  `entityid` int(10) unsigned NOT NULL,
  `nouserevents` tinyint(3) unsigned NOT NULL,
  PRIMARY KEY (`userid`,`entitytype`,`entityid`),
  KEY `userid` (`userid`,`nouserevents`),
  KEY `entitytype` (`entitytype`,`entityid`,`nouserevents`),
  CONSTRAINT `{userfavorites}_ibfk_1` FOREIGN KEY (`userid`) REFERENCES `{users}` (`userid`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{userlevels}` (
  `userid` int(10) unsigned NOT NULL,
  `entitytype` char(1) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL,
  `entityid` int(10) unsigned NOT NULL,
  `level` tinyint(3) unsigned DEFAULT NULL,
  UNIQUE KEY `userid` (`userid`,`entitytype`,`entityid`),
  KEY `entitytype` (`entitytype`,`entityid`),
  CONSTRAINT `{userlevels}_ibfk_1` FOREIGN KEY (`userid`) REFERENCES `{users}` (`userid`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{userlimits}` (
  `userid` int(10) unsigned NOT NULL,
  `action` char(1) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL,
  `period` int(10) unsigned NOT NULL,
  `count` smallint(5) unsigned NOT NULL,
  UNIQUE KEY `userid` (`userid`,`action`),
  CONSTRAINT `{userlimits}_ibfk_1` FOREIGN KEY (`userid`) REFERENCES `{users}` (`userid`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{userlogins}` (
  `userid` int(10) unsigned NOT NULL,
  `source` varchar(16) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL,
  `identifier` varbinary(1024) NOT NULL,
  `identifiermd5` binary(16) NOT NULL,
  KEY `source` (`source`,`identifiermd5`),
  KEY `userid` (`userid`),
  CONSTRAINT `{userlogins}_ibfk_1` FOREIGN KEY (`userid`) REFERENCES `{users}` (`userid`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{usermetas}` (
  `userid` int(10) unsigned NOT NULL,
  `title` varchar(40) NOT NULL,
  `content` varchar(8000) NOT NULL,
  PRIMARY KEY (`userid`,`title`),
  CONSTRAINT `{usermetas}_ibfk_1` FOREIGN KEY (`userid`) REFERENCES `{users}` (`userid`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{usernotices}` (
  `noticeid` int(10) unsigned NOT NULL AUTO_INCREMENT,
  `userid` int(10) unsigned NOT NULL,
  `content` varchar(12000) NOT NULL,
  `format` varchar(20) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL,
  `tags` varchar(200) DEFAULT NULL,
  `created` datetime NOT NULL,
  PRIMARY KEY (`noticeid`),
  KEY `userid` (`userid`,`created`),
  CONSTRAINT `{usernotices}_ibfk_1` FOREIGN KEY (`userid`) REFERENCES `{users}` (`userid`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{userprofile}` (
  `userid` int(10) unsigned NOT NULL,
  `title` varchar(40) NOT NULL,
  `content` varchar(8000) NOT NULL,
  UNIQUE KEY `userid` (`userid`,`title`),
  CONSTRAINT `{userprofile}_ibfk_1` FOREIGN KEY (`userid`) REFERENCES `{users}` (`userid`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{uservotes}` (
  `postid` int(10) unsigned NOT NULL,
  `userid` int(10) unsigned NOT NULL,
  `vote` tinyint(4) NOT NULL,
  `flag` tinyint(4) NOT NULL,
  `votecreated` datetime DEFAULT NULL,
  `voteupdated` datetime DEFAULT NULL,
  UNIQUE KEY `userid` (`userid`,`postid`),
  KEY `postid` (`postid`),
  KEY `voted` (`votecreated`,`voteupdated`),
  CONSTRAINT `{uservotes}_ibfk_1` FOREIGN KEY (`postid`) REFERENCES `{posts}` (`postid`) ON DELETE CASCADE,
  CONSTRAINT `{uservotes}_ibfk_2` FOREIGN KEY (`userid`) REFERENCES `{users}` (`userid`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{contentwords}` (
  `postid` int(10) unsigned NOT NULL,
  `wordid` int(10) unsigned NOT NULL,
  `count` tinyint(3) unsigned NOT NULL,
  `type` enum('Q','A','C','NOTE') NOT NULL,
  `questionid` int(10) unsigned NOT NULL,
  KEY `postid` (`postid`),
  KEY `wordid` (`wordid`),
  CONSTRAINT `{contentwords}_ibfk_1` FOREIGN KEY (`postid`) REFERENCES `{posts}` (`postid`) ON DELETE CASCADE,
  CONSTRAINT `{contentwords}_ibfk_2` FOREIGN KEY (`wordid`) REFERENCES `{words}` (`wordid`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `{postmetas}` (
  `postid` int(10) unsigned NOT NULL,
  `title` varchar(40) NOT NULL,
  `content` varchar(8000) NOT NULL,
  PRIMARY KEY (`postid`,`title`),
  CONSTRAINT `{postmetas}_ibfk_1` FOREIGN KEY (`postid`) REFERENCES `{posts}` (`postid`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8;
