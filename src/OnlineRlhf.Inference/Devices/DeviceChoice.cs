namespace OnlineRlhf.Inference.Devices;

/// <summary>Which device may run the model.</summary>
public enum DeviceChoice
{
    /// <summary>A GPU by Vulkan if there is one, and a short decode on it is not slower than on the CPU.</summary>
    Auto,

    /// <summary>The CPU. Vulkan is not even loaded.</summary>
    Cpu,

    /// <summary>A GPU by Vulkan; an error if there is none.</summary>
    Vulkan,

    /// <summary>Vulkan on a software driver, or an error if there is none. It is slow, and meant for tests.</summary>
    VulkanSoftware,
}
