namespace OnlineRlhf.Inference.Prompts;

/// <summary>A piece of a rendered prompt.</summary>
/// <param name="Template">Text of the template; empty where a content stands.</param>
/// <param name="Message">Index of the message whose content stands here; null for the template's text.</param>
internal readonly record struct PromptPart(string Template, int? Message);
