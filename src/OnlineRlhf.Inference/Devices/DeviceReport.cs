namespace OnlineRlhf.Inference.Devices;

/// <summary>Which device runs the model, and why.</summary>
/// <param name="Name">"CPU", or the GPU's name.</param>
/// <param name="Layers">How many of the model's layers are on the GPU, such as "31/31"; null on the CPU.</param>
/// <param name="Why">Why this device was chosen, for people.</param>
public sealed record DeviceReport(string Name, string? Layers, string Why)
{
    /// <summary>Whether the CPU runs the model.</summary>
    public bool IsCpu => Layers is null;
}
