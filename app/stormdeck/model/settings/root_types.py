"""List the top-level keys of settings.json whose JSON type Claude Code checks: a wrong type drops the whole file.

Measured with Claude Code 2.1.332: each of its 202 keys as a number, a text and ``true``. Keys that it accepts with any
type, or with a fallback, are left out.
"""

from __future__ import annotations

from collections.abc import Mapping


def _typed(text: str, *types: type) -> dict[str, tuple[type, ...]]:
    return dict.fromkeys(text.split(), types)


ROOT_TYPES: Mapping[str, tuple[type, ...]] = {
    **_typed(
        """
        agentPushNotifEnabled allowAllClaudeAiMcps allowClaudeInChromeWithManagedMcp
        allowManagedHooksOnly allowManagedMcpServersOnly allowManagedPermissionRulesOnly
        allowNestedModelAccessUnderForceLogin alwaysThinkingEnabled autoCompactEnabled
        autoContinueAtUsageLimit autoDreamEnabled autoMemoryEnabled autoScrollEnabled autoUploadSessions
        awaySummaryEnabled bashEditDiffEnabled channelsEnabled clawdFileProgressEnabled disableAgentView
        disableAllHooks disableArtifact disableBundledSkills disableClaudeAiConnectors
        disableCommandPluginSources disableDirectMcpSkills disableRemoteControl disableReplyCheck
        disableSideloadFlags disableSkillShellExecution disableWindowsBashCommandSplit disableWorkflows
        doneMeansMerged emojiCompletionEnabled enableAllProjectMcpServers enableArtifact enableWorkflows
        enforceAvailableModels fastMode fastModePerSessionOptIn fileCheckpointingEnabled
        forceRemoteSettingsRefresh idleCompaction includeCoAuthoredBy includeGitInstructions
        inputNeededNotifEnabled isolatePeerMachines precomputeCompactionEnabled prefersReducedMotion
        promptSuggestionEnabled remoteControlAtStartup respectGitignore respondToBashCommands
        responseComparisonEnabled showClearContextOnPlanAccept showMessageTimestamps
        showThinkingSummaries showTurnDuration skipDangerousModePermissionPrompt skipWebFetchPreflight
        skipWorkflowUsageWarning spinnerTipsEnabled switchModelsOnFlag syncClaudeAiPlugins
        syncClaudeAiSkills syntaxHighlightingDisabled terminalProgressBarEnabled terminalTitleFromRename
        todoFeatureEnabled totalTokensReminderAfterUserTurn verbose wheelScrollAccelerationEnabled
        workflowKeywordTriggerEnabled wslInheritsWindowsSettings
        """,
        bool,
    ),
    **_typed(
        """
        advisorModel agent apiKeyHelper attributionProject autoMemoryDirectory awsAuthRefresh
        awsCredentialExport claudeMd downloadsMirrorUrl gcpAuthRefresh language minimumVersion model
        modelCatalogPublicKey modelCatalogUrl otelHeadersHelper outputStyle plansDirectory
        pluginTrustMessage prUrlTemplate processWrapper proxyAuthHelper requiredMaximumVersion
        requiredMinimumVersion timeZone
        """,
        str,
    ),
    **_typed(
        """
        cleanupPeriodDays desktopSessionCleanupPeriodDays feedbackSurveyRate skillListingBudgetFraction
        skillListingMaxDescChars totalTokensReminderBudget
        """,
        int,
        float,
    ),
    **_typed(
        """
        allowedChannelPlugins allowedHttpHookUrls availableModels blockedMarketplaces claudeMdExcludes
        companyAnnouncements fallbackModel
        httpHookAllowedEnvVars pluginSuggestionMarketplaces sshConfigs strictKnownMarketplaces
        """,
        list,
    ),
    **_typed(
        """
        breakReminder enabledPlugins env fileSuggestion modelOverrides permissions pluginConfigs
        quietHours remote remoteTools sandbox skillOverrides spinnerVerbs statusLine voice worktree
        """,
        dict,
    ),
}
