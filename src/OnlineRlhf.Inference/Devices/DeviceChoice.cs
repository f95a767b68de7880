namespace OnlineRlhf.Inference.Devices;

/// <summary>Which device may run the model.</summary>
public enum DeviceChoice
{
    /// <summary>A GPU by Vulkan, where one is found and a short decode on it is not slower than on the CPU.</summary>
    Auto,

    /// <summary>The CPU; Vulkan is not even loaded.</summary>
    Cpu,

    /// <summary>A GPU by Vulkan, or an error.</summary>
    Vulkan,

    /// <summary>Vulkan on a software driver, or an error: slow, for tests of the path.</summary>
    VulkanSoftware,
}
