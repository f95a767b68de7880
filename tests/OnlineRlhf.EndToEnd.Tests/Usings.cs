global using OnlineRlhf.EndToEnd.Tests.Driver;
global using OnlineRlhf.Inference.Tests;
global using Variables = System.Collections.Generic.Dictionary<string, string>;
