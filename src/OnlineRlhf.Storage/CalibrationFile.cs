namespace OnlineRlhf.Storage;
/// <summary>x</summary>
public static class CalibrationFile
{
    /// <summary>x</summary>
    public static double[]? Read(string directory, string modelFingerprint, int count) => null;
    /// <summary>x</summary>
    public static void Write(string directory, string modelFingerprint, ReadOnlySpan<double> values) { }
}
