namespace OnlineRlhf.Hardware;

/// <summary>The resistor inside the chip that holds a button's line while it is open.</summary>
public enum Bias
{
    /// <summary>To the supply: for buttons between line and ground.</summary>
    Up,

    /// <summary>To ground: for buttons between line and supply.</summary>
    Down,

    /// <summary>None: the board has a resistor of its own.</summary>
    None,
}
