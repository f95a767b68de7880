namespace OnlineRlhf.Inference.Gguf;

/// <summary>
/// Checks what llama.cpp asserts about a model's numbers. A failed assertion ends the whole process, so such models are refused here first.
/// </summary>
/// <remarks>
/// From llama_model_base::load_hparams and llama-hparams.h of llama.cpp with ggml 0.25.1. Numbers that llama.cpp refuses with an error are not
/// checked here.
/// </remarks>
internal static class NativeLimits
{
    private const ulong MostLayers = 512,
        MostExperts = 1024;

    /// <exception cref="GgufFormatException">A number is outside the range that llama.cpp survives.</exception>
    public static void Require(Metadata metadata, string architecture)
    {
        ulong layers = Number("block_count"),
            experts = Number("expert_count"),
            used = Number("expert_used_count"),
            groups = Number("expert_group_count");
        AtMost("block_count", layers, MostLayers);
        AtMost("nextn_predict_layers", Number("nextn_predict_layers"), layers);
        AtMost("expert_count", experts, MostExperts);
        AtMost("expert_used_count", used, experts);
        if (experts > 0 && metadata.Integer($"{architecture}.expert_used_count") == 0)
            throw GgufFormatException.Damaged($"none of the model's {experts} experts is used");
        AtMost("expert_group_count", groups, experts == 0 ? 0 : experts - 1);
        if (groups <= 1)
            return;
        if (experts % groups != 0)
            throw GgufFormatException.Damaged($"{experts} experts cannot be divided into {groups} groups");
        ulong usedGroups = Number("expert_group_used_count");
        if (usedGroups == 0)
            throw GgufFormatException.Damaged($"none of the {groups} groups of experts is used");
        AtMost("expert_group_used_count", usedGroups, groups - 1);

        ulong Number(string key) => metadata.Integer($"{architecture}.{key}") ?? 0;

        void AtMost(string key, ulong value, ulong most)
        {
            if (value > most)
                throw GgufFormatException.Damaged($"{Printable.Quoted($"{architecture}.{key}")} is {value}, at most {most} is possible");
        }
    }
}
