namespace OnlineRlhf.Inference.Prompts;

/// <summary>A piece of a rendered prompt.</summary>
/// <param name="Template">The text from the template; empty if a message's content belongs here.</param>
/// <param name="Message">The index of the message whose content belongs here; null for template text.</param>
internal readonly record struct PromptPart(string Template, int? Message);
