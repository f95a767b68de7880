namespace OnlineRlhf.Inference.Devices;

/// <summary>What runs the model, and why.</summary>
/// <param name="Name">"CPU", or the GPU's name.</param>
/// <param name="Layers">How many of the model's layers a GPU holds, such as "31/31"; null on the CPU.</param>
/// <param name="Why">Why this device and no other, in words.</param>
public sealed record DeviceReport(string Name, string? Layers, string Why)
{
    /// <summary>Whether the CPU runs the model.</summary>
    public bool IsCpu => Layers is null;
}
