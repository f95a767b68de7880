namespace OnlineRlhf.Hardware.Tests;

/// <summary>The contract on the kernel's gpio-sim; skipped where the environment names none.</summary>
public sealed class SimulatorBoardTests() : BoardContract(SimulatorRig.OrSkip());
